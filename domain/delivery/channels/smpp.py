"""SMS over SMPP 3.4: a transceiver on a kept connection, by which receipts come too."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import ClassVar
from urllib.parse import SplitResult, unquote, urlsplit

from domain.delivery.channels.channel import Begin, DeliveryFailed, Kind, Outgoing, Receipt, Receipts, Taken
from domain.delivery.channels.connecting import connected
from domain.delivery.channels.pace import Pace
from domain.delivery.channels.smpp_connection import SmppConnection
from domain.delivery.channels.smpp_options import FORM, SmppOptions, read_options
from domain.delivery.channels.smpp_pdu import (
    Command,
    Pdu,
    bind_body,
    message_id,
    read_deliver,
    receipt_in,
    submit_body,
)
from domain.delivery.channels.smpp_session import SmppSession
from domain.delivery.channels.smpp_statuses import OK, OUTCOMES, SLOWER, TRY_LATER, bind_failure, submit_failure
from domain.delivery.channels.sms_texts import encoded
from settings import LOOPBACK, written_host

CONNECT_SECONDS, BIND_SECONDS = 5.0, 10.0
ANSWER_SECONDS = 15.0
# For how long a message is tried again because the gateway asks for fewer.
SLOWER_SECONDS = 15.0
_PORTS = {"smpp": 2775, "smpps": 3550}
_RECEIPT_SECONDS = 10.0
# How many messages whose answer came too late are remembered, until their receipts come.
_MOST_LATE = 1000
_log = logging.getLogger("kabinet.delivery")


class Smpp:
    """One gateway. Made while an event loop runs: it connects at once, for receipts of what was sent before."""

    kind: ClassVar[Kind] = "sms"
    schemes: ClassVar[tuple[str, ...]] = ("smpp", "smpps")
    setup: ClassVar[str] = f"""\
{FORM}, or smpps://… with TLS
system_id and password are the operator's. One connection is bound as a transceiver by each process that sends: with
KABINET_DELIVERY=separate that is one. In production smpp: is for a gateway on this host; where the line to the operator
is private (a VPN), ?line=private allows it. Further options, joined by &: window=10 (unanswered messages at once),
long=udh or long=payload (how long texts go), source=5.0 and destination=1.1 (type of number and numbering plan),
system_type=…, ids=same, ids=hex-dec or ids=dec-hex (how the id of an answer and that of its receipt are written)."""

    @staticmethod
    def check(address: SplitResult, *, production: bool) -> None:
        options = read_options(address.query)
        for name, text, longest in (("system_id", address.username, 15), ("password", address.password, 64)):
            plain = unquote(text or "")
            if not plain or not plain.isascii() or not plain.isprintable() or len(plain) > longest:
                raise ValueError(f"the {name} must be 1 to {longest} Latin letters, digits and signs: {FORM}")
        if address.path.strip("/"):
            raise ValueError(f"write no path: {FORM}")
        private = address.hostname in LOOPBACK or options.line == "private"
        if production and address.scheme == "smpp" and not private:
            raise ValueError("smpp is only for a gateway on this host; write smpps, or ?line=private for a VPN")

    def __init__(
        self, dsn: str, sender: str, receipts: Receipts | None = None, *, seconds: float = ANSWER_SECONDS
    ) -> None:
        parts = urlsplit(dsn)
        self._options: SmppOptions = read_options(parts.query)
        self.window = self._options.window
        self._host, self._port = written_host(parts).strip("[]"), parts.port or _PORTS[parts.scheme]
        self._tls = ssl.create_default_context() if parts.scheme == "smpps" else None
        login = unquote(parts.username or ""), unquote(parts.password or "")
        self._bind = bind_body(*login, self._options.system_type)
        self._source = self._options.sender(sender)
        self._receipts, self._seconds = receipts, seconds
        self._pace = Pace()
        self._late: dict[str, str] = {}
        self._connection = SmppConnection(f"{self._host}:{self._port}", self._connect)

    async def close(self) -> None:
        await self._connection.close()

    async def look(self) -> str:
        """It is bound as for a message."""
        await self._connection.ready()
        return f"takes our password, {'over' if self._tls else 'without'} TLS"

    async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
        """Raises `DeliveryFailed`; returns once the gateway has taken the message upon itself."""
        await self._connection.ready()
        text = encoded(outgoing.content.text)
        whole = self._options.long == "payload"
        parts = [text.whole] if whole else text.parts(outgoing.number % 256)
        destination = self._options.recipient(outgoing.to)
        await begin()
        named = ""
        for number, part in enumerate(parts, 1):
            body = submit_body(
                self._source, destination, part, coding=text.coding, has_header=len(parts) > 1,
                minutes=outgoing.minutes, receipt=self._receipts is not None and number == len(parts),
                payload=whole and text.is_long,
            )  # fmt: skip
            try:
                named = await self._submit(body, outgoing.reference)
            except DeliveryFailed as failure:
                if number == 1:
                    raise
                reason = f"only a part of it was taken: {failure.reason}"
                raise DeliveryFailed("unknown", reason, operator=failure.operator) from None
        return Taken(bool(named) and self._receipts is not None, named)

    async def _submit(self, body: bytes, reference: str) -> str:
        """What the gateway calls the message, or a part of it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + SLOWER_SECONDS
        while True:
            await self._pace.turn(until)
            session = self._connection.session
            if session is None or session.is_closed:
                raise DeliveryFailed("away", "the gateway hung up")
            try:
                answer = await session.ask(
                    Command.SUBMIT_SM, body, seconds=self._seconds, late=lambda pdu: self._come_late(pdu, reference)
                )
            except TimeoutError:
                raise DeliveryFailed("unknown", "the gateway did not answer in time") from None
            except OSError:
                raise DeliveryFailed("unknown", "the connection broke before the gateway answered") from None
            if answer.status == OK and answer.command != Command.GENERIC_NACK:
                self._pace.went_well()
                return self._options.of_answer(message_id(answer.body))
            if answer.status not in SLOWER:
                raise submit_failure(answer.status)
            self._pace.slow_down()

    def _come_late(self, answer: Pdu, reference: str) -> None:
        """The message was taken after all: its receipt will name it by an id that no row has."""
        if answer.status == OK and (named := self._options.of_answer(message_id(answer.body))):
            self._late[named] = reference
            while len(self._late) > _MOST_LATE:
                del self._late[next(iter(self._late))]

    async def _deliver(self, pdu: Pdu) -> int:
        try:
            found = receipt_in(read_deliver(pdu.body))
        except (ValueError, IndexError):
            _log.warning("%s:%d: what it delivers cannot be read", self._host, self._port)
            return OK
        outcome = OUTCOMES.get(found[1]) if found else None
        if found is None or outcome is None or self._receipts is None:
            return OK
        named = self._options.of_receipt(found[0])
        reference = self._late.pop(named, "")
        receipt = Receipt(outcome, reference) if reference else Receipt(outcome, id=named)
        try:
            async with asyncio.timeout(_RECEIPT_SECONDS):
                await self._receipts.take(receipt)
        except TimeoutError:
            # It is delivered once more.
            return TRY_LATER
        return OK

    async def _connect(self) -> SmppSession:
        session = await connected(
            lambda: SmppSession(self._deliver), self._host, self._port, self._tls, CONNECT_SECONDS
        )
        try:
            answer = await session.ask(Command.BIND_TRANSCEIVER, self._bind, seconds=min(BIND_SECONDS, self._seconds))
            if answer.status != OK:
                raise bind_failure(answer.status)
        except (OSError, TimeoutError):
            session.close()
            raise DeliveryFailed("away", "the gateway does not let us in, or hung up") from None
        except BaseException:
            session.close()
            raise
        session.keep_alive()
        return session
