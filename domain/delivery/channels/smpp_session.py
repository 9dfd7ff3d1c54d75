"""A connection to an SMPP gateway: bound, kept alive, and every request answered or known to be unanswered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import cast

from domain.delivery.channels.smpp_pdu import HEADER, LONGEST, Command, Pdu, answer_to, written
from domain.delivery.channels.smpp_statuses import INVALID_COMMAND

# A connection that says nothing for so long is asked whether it lives, and given so long to answer. Seconds.
ENQUIRE_SECONDS, ALIVE_SECONDS = 30.0, 10.0
_UNBIND_SECONDS = 2.0
_LAST_SEQUENCE = 0x7FFF_FFFF
# How many requests without an answer are remembered.
_MOST_LATE = 1000

# What a deliver_sm is answered with.
Deliver = Callable[[Pdu], Awaitable[int]]


class SmppSession(asyncio.Protocol):
    """`deliver` takes what the gateway delivers."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        # Who is told of answers that come when nobody waits for them any more.
        self._late: dict[int, Callable[[Pdu], None]] = {}
        self._received = b""
        self._working: set[asyncio.Task[None]] = set()
        self._keeper: asyncio.Task[None] | None = None
        self._heard_at = self._loop.time()
        self.closed = asyncio.Event()

    @property
    def is_closed(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    async def ask(
        self,
        command: int,
        body: bytes = b"",
        *,
        seconds: float,
        late: Callable[[Pdu], None] | None = None,
    ) -> Pdu:
        """The answer. Raises OSError where the connection breaks before it, and TimeoutError where it is not in time.

        `late` is called with it should it come all the same.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("closed")
        self._sequence = sequence = self._sequence % _LAST_SEQUENCE + 1
        answer: asyncio.Future[Pdu] = self._loop.create_future()
        self._waiting[sequence] = answer
        self._transport.write(written(command, sequence, body))
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            if late is not None:
                self._late[sequence] = late
                while len(self._late) > _MOST_LATE:
                    del self._late[next(iter(self._late))]
            raise
        finally:
            self._waiting.pop(sequence, None)

    def keep_alive(self) -> None:
        self._keeper = asyncio.create_task(self._keep_alive())

    async def unbind(self) -> None:
        """Say goodbye, and close."""
        with contextlib.suppress(OSError, TimeoutError):
            await self.ask(Command.UNBIND, seconds=_UNBIND_SECONDS)
        self.close()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(max(0.0, self._heard_at + ENQUIRE_SECONDS - self._loop.time()))
            if self._loop.time() - self._heard_at < ENQUIRE_SECONDS:
                continue
            try:
                await self.ask(Command.ENQUIRE_LINK, seconds=ALIVE_SECONDS)
            except (OSError, TimeoutError):
                self.close()
                return

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        self._received += data
        while len(self._received) >= HEADER.size:
            length, command, status, sequence = HEADER.unpack_from(self._received)
            if not HEADER.size <= length <= LONGEST:
                self.close()
                return
            if len(self._received) < length:
                return
            body, self._received = self._received[HEADER.size : length], self._received[length:]
            self._take(Pdu(command, status, sequence, body))

    def eof_received(self) -> None:
        self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self.closed.set()
        if self._keeper is not None:
            self._keeper.cancel()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(error or ConnectionResetError("hung up"))
        self._waiting.clear()

    def _take(self, pdu: Pdu) -> None:
        if pdu.is_response:
            answer = self._waiting.pop(pdu.sequence, None)
            if answer is not None and not answer.done():
                answer.set_result(pdu)
            elif (late := self._late.pop(pdu.sequence, None)) is not None:
                late(pdu)
        elif pdu.command == Command.DELIVER_SM:
            work = asyncio.create_task(self._take_delivery(pdu))
            self._working.add(work)
            work.add_done_callback(self._working.discard)
        elif pdu.command in {Command.ENQUIRE_LINK, Command.UNBIND}:
            self._write(answer_to(pdu))
            if pdu.command == Command.UNBIND and self._transport is not None:
                self._transport.close()
        elif pdu.command != Command.ALERT_NOTIFICATION:
            self._write(written(Command.GENERIC_NACK, pdu.sequence, status=INVALID_COMMAND))

    async def _take_delivery(self, pdu: Pdu) -> None:
        self._write(answer_to(pdu, await self._deliver(pdu)))

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
