"""SMS by Kannel's `sendsms` HTTP interface (Kannel User Guide, chapter 6, "Using the HTTP interface to smsbox").

Many commercial gateways have the same interface, so more kinds of answers are accepted than those of Kannel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

from domain.delivery.channels.channel import Begin, DeliveryFailed, Kind, Outcome, Outgoing, Receipt, Receipts, Taken
from domain.delivery.channels.gsm7 import fits_gsm7
from domain.delivery.channels.http import HttpGateway
from domain.delivery.channels.http_answers import Answer
from settings import LOOPBACK

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0

_REFUSED = "authorization failed"
# Where neither we nor Kannel name a sender (gw/smsbox.c, smsbox_req_handle).
_NO_SENDER = "sender missing"
# "Sent." is the answer of Kannel before 1.4.
_ACCEPTED = ("0:", "3:", "sent.")
# Which receipts are asked for, as a sum of bits (chapter 6, "Delivery reports"): the final ones. What the bits mean.
_OUTCOMES: Mapping[str, Outcome] = {"1": "delivered", "2": "undelivered", "16": "rejected"}
_MASK = str(sum(map(int, _OUTCOMES)))
_FORM = "http+kannel://user:pass@host:port/cgi-bin/sendsms"


class Kannel:
    """One gateway. `dsn` is `http+kannel://user:pass@host:port/cgi-bin/sendsms` or `https+kannel://…`."""

    kind: ClassVar[Kind] = "sms"
    schemes: ClassVar[tuple[str, ...]] = ("http+kannel", "https+kannel")
    setup: ClassVar[str] = f"""\
{_FORM}, or https+kannel://…
User, password and path are those of Kannel's sendsms-user, or of a gateway that speaks its interface. Signs such as
@ : / # in a password are written as %40 %3A %2F %23. http+kannel sends everything in the clear: in production it is
for a gateway on this host only. KABINET_SMS_FROM is the sender's name, where the gateway takes one. Receipts are asked
for with each message (dlr-mask, dlr-url): the gateway calls KABINET_PUBLIC_URL/delivery/receipts/…"""

    @staticmethod
    def check(address: SplitResult, *, production: bool) -> None:
        if not address.username or not address.password:
            raise ValueError(f"user and password are missing: {_FORM}")
        if not address.path.strip("/"):
            raise ValueError(f"the path is missing: {_FORM}")
        if production and address.scheme == "http+kannel" and address.hostname not in LOOPBACK:
            raise ValueError("http+kannel is only for a gateway on this host; write https+kannel")

    @staticmethod
    def read_receipt(fields: Mapping[str, str]) -> Receipt | None:
        """The address that `send` has given, with `status` filled in by the gateway."""
        reference, status = fields.get("reference", ""), fields.get("status", "")
        if not (reference and status.isascii() and status.isdecimal()):
            raise ValueError("no receipt")
        return Receipt(_OUTCOMES[status], reference) if status in _OUTCOMES else None

    def __init__(
        self, dsn: str, sender: str, receipts: Receipts | None = None, *, seconds: float = ANSWER_SECONDS
    ) -> None:
        parts = urlsplit(dsn)
        self._receipts = receipts
        self.window = 256
        self._path = parts.path
        self._query = {"username": unquote(parts.username or ""), "password": unquote(parts.password or "")}
        if sender:
            self._query["from"] = sender
        address = parts._replace(scheme=parts.scheme.removesuffix("+kannel"))
        self._gateway = HttpGateway(address, connect=min(CONNECT_SECONDS, seconds), answer=seconds)

    async def close(self) -> None:
        await self._gateway.close()

    async def look(self) -> str:
        """A request without a recipient: it is refused for that (400) once the password has been taken."""
        answer = await self._gateway.ask(f"{self._path}?{urlencode(self._query)}", _nothing)
        if answer.status == 400 or answer.is_well:
            if answer.body.lower().startswith(_REFUSED):
                raise DeliveryFailed("away", "the gateway refuses our password", operator=True)
            return "takes our password" if answer.status == 400 else "answers, and does not look at our password"
        raise answer.failure()

    async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
        """Raises `DeliveryFailed`; returns once the gateway has taken the message upon itself."""
        text = outgoing.content.text
        query = {
            **self._query,
            # With the plus: smsbox takes it (`sendsms-chars` is "0123456789 +-" by default) and the SMPP driver
            # reads a number without it as a national one (gw/smsc/smsc_smpp.c, msg_to_pdu).
            "to": outgoing.to,
            "text": text,
            "charset": "UTF-8",
            "validity": str(outgoing.minutes),
            "coding": "0" if fits_gsm7(text) else "2",
        }
        if self._receipts is not None:
            # Kannel puts the kind of the receipt in the place of %d.
            query |= {
                "dlr-mask": _MASK,
                "dlr-url": f"{self._receipts.address}?reference={outgoing.reference}&status=%d",
            }
        _judge(await self._gateway.ask(f"{self._path}?{urlencode(query)}", begin))
        return Taken(receipt=self._receipts is not None)


async def _nothing() -> None:
    """A question is no message."""


def _judge(answer: Answer) -> None:
    """Raise `DeliveryFailed` unless the gateway says that it has taken the message."""
    said = answer.body.lower()
    if answer.status == 403 and said.startswith("not routable"):
        raise DeliveryFailed("refused", "the gateway has no route to this number (403)")
    if answer.status == 400 and said.startswith(_NO_SENDER):
        raise DeliveryFailed("away", "the gateway wants a sender: KABINET_SMS_FROM (400)", operator=True)
    if not answer.is_well:
        raise answer.failure()
    if said.startswith(_REFUSED):  # Kannel before 1.4 says so with 202
        raise DeliveryFailed("away", "the gateway refuses our password", operator=True)
    if not said.startswith(_ACCEPTED):
        raise DeliveryFailed("unknown", "the gateway's answer makes no sense")
