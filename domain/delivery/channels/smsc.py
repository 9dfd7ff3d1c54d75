"""SMS by the HTTP interface of SMSC.RU, which other Russian gateways share (https://smsc.ru/api/http/).

What becomes of a message is asked for (smsc_statuses.py), and told where the account names our address for receipts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

from domain.delivery.channels.channel import (
    Begin,
    DeliveryFailed,
    Follows,
    Kind,
    Outcome,
    Outgoing,
    Receipt,
    Receipts,
    Taken,
)
from domain.delivery.channels.http import HttpGateway
from domain.delivery.channels.http_answers import Answer
from domain.delivery.channels.smsc_statuses import OUTCOMES, Statuses
from settings import LOOPBACK

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0
_FORM = "https+smsc://login:password@host/sys/send.php"
# The interface refuses fifteen requests at once (error 9); one place is left for questions.
_WINDOW = 13
# An identifier is a positive number of 31 bits.
_IDS = 2**31 - 1
# Minutes.
_LONGEST_VALID = 24 * 60
# What follows from the numbers of the errors, and whether it is ours to put right.
_ERRORS: Mapping[int, tuple[Follows, bool, str]] = {
    1: ("later", True, "the gateway does not understand our request"),
    2: ("away", True, "the gateway refuses our login, password or address"),
    3: ("away", True, "no money is left at the gateway"),
    4: ("away", True, "the gateway has blocked our address for a while"),
    5: ("later", True, "the gateway does not understand our request"),
    6: ("later", True, "the gateway forbids the text or the sender's name"),
    7: ("refused", False, "the gateway knows no such number"),
    8: ("refused", False, "the gateway has no way to this number"),
    9: ("later", False, "the gateway has had the same request within a minute"),
}
_BLOCKED, _TOO_OFTEN = 4, 9
# Seconds that the gateway is left alone after these.
_BLOCKED_REST, _CROWDED_REST = 60.0, 1.0


class Smsc:
    """One account. `dsn` is `https+smsc://login:password@host/sys/send.php`; `http+smsc` on loopback only."""

    kind: ClassVar[Kind] = "sms"
    schemes: ClassVar[tuple[str, ...]] = ("https+smsc", "http+smsc")
    can_call: ClassVar[bool] = True
    setup: ClassVar[str] = f"""\
{_FORM}
Login and password of the account, or an API key as the password with the login "apikey". Signs such as @ : / # in a
password are written as %40 %3A %2F %23. http+smsc: is for a gateway on this host only. KABINET_SMS_FROM is a sender's
name that the account has. What became of a message is asked for; it comes sooner, and also after a restart, where the
settings of the account name the address that `litestar delivery receipts` prints. It can also dictate codes by
telephone: KABINET_SMS_CALL=on."""

    @staticmethod
    def check(address: SplitResult, *, production: bool) -> None:  # noqa: ARG004 - every channel is told
        if not address.username or not address.password:
            raise ValueError(f"login and password are missing: {_FORM}")
        if not address.path.endswith("/send.php"):
            raise ValueError(f"the path does not end with /send.php: {_FORM}")
        if address.scheme == "http+smsc" and address.hostname not in LOOPBACK:
            raise ValueError("http+smsc is only for a gateway on this host; write https+smsc")

    @staticmethod
    def read_receipt(fields: Mapping[str, str]) -> Receipt | None:
        """What the gateway calls the address of the account's settings with."""
        if not fields.get("id", "").isdecimal():
            raise ValueError("no receipt")
        outcome = _outcome(fields.get("status", ""))
        return Receipt(outcome, id=fields["id"]) if outcome else None

    def __init__(
        self, dsn: str, sender: str, receipts: Receipts | None = None, *, seconds: float = ANSWER_SECONDS
    ) -> None:
        parts = urlsplit(dsn)
        self.window = _WINDOW
        # What the account had left after the last answer that said so.
        self.balance_kopecks: int | None = None
        login, password = unquote(parts.username or ""), unquote(parts.password or "")
        account = {"apikey": password} if login == "apikey" else {"login": login, "psw": password}
        self._account = {**account, "charset": "utf-8", "fmt": "3"}
        self._sender = {"sender": sender} if sender else {}
        self._path = parts.path
        address = parts._replace(scheme=parts.scheme.removesuffix("+smsc"))
        self._gateway = HttpGateway(address, connect=min(CONNECT_SECONDS, seconds), answer=seconds)
        self._statuses = Statuses(self._ask_statuses, receipts) if receipts is not None else None

    async def close(self) -> None:
        if self._statuses is not None:
            await self._statuses.close()
        await self._gateway.close()

    async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
        """Raises `DeliveryFailed`; returns once the gateway has taken the message upon itself."""
        number = str(outgoing.number % _IDS + 1)
        # Also the cost and what is left afterwards are asked for.
        valid = "{:02}:{:02}".format(*divmod(min(outgoing.minutes, _LONGEST_VALID), 60))
        fields = {"phones": outgoing.to, "mes": outgoing.content.text, "id": number, "cost": "3", "valid": valid}
        # A call comes from a number of the gateway: the name of a sender is for SMS.
        fields |= {"call": "1"} if outgoing.is_call else self._sender
        try:
            said = _read(await self._ask("send.php", fields, begin))
            if "id" not in said:
                raise DeliveryFailed("unknown", "the gateway's answer makes no sense")
        except DeliveryFailed as failure:
            if failure.follows == "unknown":
                self._watch(number, outgoing)
            raise
        self._watch(number, outgoing)
        self._note_balance(said)
        return Taken(self._statuses is not None, number, _kopecks(said.get("cost")))

    async def look(self) -> str:
        """The account's balance is asked for."""
        left = await self.look_at_balance()
        return "takes our password" + (f", {left / 100:.2f} are left on the account" if left is not None else "")

    async def look_at_balance(self) -> int | None:
        """What is left of the account's money, in kopecks. Raises `DeliveryFailed`."""
        self._note_balance(_read(await self._ask("balance.php", {}, _nothing)))
        return self.balance_kopecks

    async def _ask(self, script: str, fields: Mapping[str, str], begin: Begin) -> Answer:
        # In the body: an address is written into the logs of every server on its way.
        body = urlencode({**self._account, **fields}).encode()
        answer = await self._gateway.ask(self._path.removesuffix("send.php") + script, begin, body)
        if answer.is_well:
            return answer
        failure = answer.failure()
        # The interface tells of a message's faults with 200: this is none of them.
        raise DeliveryFailed("away", failure.reason, operator=True) if failure.follows == "refused" else failure

    async def _ask_statuses(self, phones: Mapping[str, str]) -> Mapping[str, Outcome]:
        """What has become of messages, by their numbers; the comma at the end asks for a list."""
        fields = {"phone": ",".join(phones.values()) + ",", "id": ",".join(phones) + ","}
        answer = await self._ask("status.php", fields, _nothing)
        try:
            said = json.loads(answer.body)
        except ValueError:
            raise DeliveryFailed("unknown", "the gateway's answer makes no sense") from None
        if not isinstance(said, list):
            _read(answer)
            return {}
        found = {str(one.get("id")): _outcome(one.get("status")) for one in said if isinstance(one, dict)}
        return {number: outcome for number, outcome in found.items() if outcome is not None}

    def _watch(self, number: str, outgoing: Outgoing) -> None:
        if self._statuses is not None:
            self._statuses.watch(number, outgoing)

    def _note_balance(self, said: Mapping[str, Any]) -> None:
        left = _kopecks(said.get("balance"))
        self.balance_kopecks = self.balance_kopecks if left is None else left


async def _nothing() -> None:
    """A question is no message."""


def _read(answer: Answer) -> Mapping[str, Any]:
    """Raises `DeliveryFailed` for an error."""
    try:
        said = json.loads(answer.body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise DeliveryFailed("unknown", "the gateway's answer makes no sense")
    if "error" not in said and "error_code" not in said:
        return said
    number = str(said.get("error_code"))[:9]
    if not (number.isascii() and number.isdecimal() and int(number) in _ERRORS):
        raise DeliveryFailed("later", f"the gateway refuses it for a reason of its own ({number})", operator=True)
    raise _error(int(number), str(said.get("error")))


def _error(number: int, text: str) -> DeliveryFailed:
    follows, operator, reason = _ERRORS[number]
    rest = _BLOCKED_REST if number == _BLOCKED else 0.0
    if number == _TOO_OFTEN and "concurrent" in text:
        follows, reason, rest = "away", "the gateway has too many requests of ours at once", _CROWDED_REST
    return DeliveryFailed(follows, f"{reason} (error {number})", operator=operator, rest=rest)


def _outcome(status: object) -> Outcome | None:
    return OUTCOMES.get(str(status))


def _kopecks(rubles: object) -> int | None:
    try:
        return int((Decimal(str(rubles)) * 100).to_integral_value())
    except (InvalidOperation, ValueError, OverflowError):
        return None
