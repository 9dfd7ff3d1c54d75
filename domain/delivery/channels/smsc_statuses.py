"""Asks SMSC what has become of messages, since it does not tell by itself unless the account is set up so.

For that the gateway must be told the telephone again. It is kept in memory only, and only until the answer is final: so
what was sent before a restart gets no receipt by this way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from domain.delivery.channels.channel import DeliveryFailed, Outcome, Outgoing, Receipt, Receipts

# https://smsc.ru/api/http/status_messages/: delivered, read and "link opened"; too old; cannot be delivered, not
# reached; wrong number, forbidden, no money, stopped by the sender. Other statuses are not the last ones.
OUTCOMES: Mapping[str, Outcome] = {
    "1": "delivered", "2": "delivered", "4": "delivered", "3": "expired", "20": "undelivered", "25": "undelivered",
    "22": "rejected", "23": "rejected", "24": "rejected", "-2": "rejected",
}  # fmt: skip
# When a message is asked about, seconds after the last time. The gateway allows five times a minute.
PAUSES = (3, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10240, 20480, 40960)
# How many at once, and how many are remembered at most.
_AT_A_TIME = 50
_MOST = 20_000
# Seconds between two looks at what is due, and after a question that was not answered.
_TICK, _FAULT_PAUSE = 1.0, 10.0
_log = logging.getLogger("kabinet.delivery")

# The telephones by the numbers of their messages.
Ask = Callable[[Mapping[str, str]], Awaitable[Mapping[str, Outcome]]]


@dataclass
class _Watched:
    phone: str
    reference: str
    asked: int
    at: float


class Statuses:
    def __init__(self, ask: Ask, receipts: Receipts) -> None:
        self._ask = ask
        self._receipts = receipts
        self._watched: dict[str, _Watched] = {}
        self._asking: asyncio.Task[None] | None = None

    def watch(self, number: str, outgoing: Outgoing) -> None:
        """Find out what becomes of a message that the gateway has, or may have, under this number."""
        now = asyncio.get_running_loop().time()
        self._watched[number] = _Watched(outgoing.to, outgoing.reference, 0, now + PAUSES[0])
        if len(self._watched) > _MOST:
            del self._watched[next(iter(self._watched))]
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_on())

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    async def _ask_on(self) -> None:
        """As long as there is something to ask about."""
        while self._watched:
            now = asyncio.get_running_loop().time()
            due = [number for number, one in self._watched.items() if one.at <= now][:_AT_A_TIME]
            try:
                await (self._ask_about(due, now) if due else asyncio.sleep(_TICK))
            except DeliveryFailed as failure:
                _log.warning("the gateway does not say what became of messages: %s", failure.reason)
                await asyncio.sleep(_FAULT_PAUSE)

    async def _ask_about(self, due: list[str], now: float) -> None:
        phones = {number: self._watched[number].phone for number in due}
        self._put_off(due, now)
        for number, outcome in (await self._ask(phones)).items():
            if (one := self._watched.pop(number, None)) is not None:
                await self._receipts.take(Receipt(outcome, one.reference))

    def _put_off(self, numbers: list[str], now: float) -> None:
        for number in numbers:
            one = self._watched[number]
            one.asked += 1
            if one.asked == len(PAUSES):
                del self._watched[number]
            else:
                one.at = now + PAUSES[one.asked]
