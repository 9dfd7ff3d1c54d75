"""The worker: it claims what is due, has it sent, and writes down what came of it, each message by itself.

One pass is one transaction, which writes all that the attempts have noted since the last one and claims as much as the
gateways have room for. It comes as soon as there is something to write or a message has been committed; it is also
made every `POLL_SECONDS` for what nothing tells of. Any number of workers may run at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from db import outbox
from db.engine import transaction
from db.outbox import ClaimedRow
from db.receipts import have_stopped
from domain.delivery.gateways import Gateway, Gateways, next_gateway
from domain.delivery.ledger import Ledger, confirm, write
from domain.delivery.leftovers import settle_leftovers
from domain.delivery.messages import PRIORITIES
from domain.delivery.sending import Render, Sender, names
from domain.portal import Portal

log = logging.getLogger("kabinet.delivery")

POLL_SECONDS = 0.5
LONGEST_PAUSE = 30.0
# How often it looks for messages that are too old or were left behind, seconds.
_SWEEP_SECONDS = 1.0
# And whether receipts still come.
_RECEIPTS_SECONDS = 10.0
# How long a worker that stops waits for what it is sending: longer than an SMS gateway is waited for. If the process is
# killed sooner (by Docker after 10 s), the row is one that was left behind.
SHUTDOWN_SECONDS = 20.0
_PRIORITIES = range(len(PRIORITIES))


class Worker:
    """`clock` is what messages are compared with."""

    def __init__(self, portal: Portal, gateways: Gateways, render: Render, clock: Callable[[], datetime]) -> None:
        self._portal = portal
        self._gateways = {kind: own for kind, own in gateways.items() if own}
        self._clock = clock
        self._awake = asyncio.Event()
        self._ledger = Ledger(self._awake.set)
        self._sender = Sender(portal, self._gateways, render, clock, self._ledger)
        self._attempts: set[asyncio.Task[None]] = set()
        self._began = 0
        # Whether there may be due messages that were not claimed for want of room, or nobody has looked for.
        self._look = True
        self._sweep_at = self._look_for_receipts_at = 0.0

    def wake(self) -> None:
        """A message was committed."""
        self._look = True
        self._awake.set()

    def stop(self) -> None:
        """Begin nothing any more; `run` ends once everything under way has ended."""
        self._sender.stopping = True
        self._awake.set()

    async def run(self) -> None:
        pause = POLL_SECONDS
        try:
            while not self._sender.stopping or self._is_busy:
                self._awake.clear()
                try:
                    await self._pass()
                    pause = POLL_SECONDS
                except Exception as error:  # noqa: BLE001 - a worker goes on after any database error
                    pause = min(pause * 2, LONGEST_PAUSE)
                    # Only the database fails here, and its messages hold no personal data in the clear.
                    reason = str(error).partition("\n")[0]
                    log.error("delivery waits %g s: %s: %s", pause, type(error).__name__, reason)
                    await asyncio.sleep(pause)
                else:
                    await self._rest()
        finally:
            for attempt in self._attempts:
                attempt.cancel()
            if self._attempts:
                await asyncio.wait(self._attempts)

    async def run_until_idle(self) -> int:
        """Only as long as something is due that a gateway may get now; how many messages were tried."""
        while True:
            self._awake.clear()
            self._look, began = True, self._began
            await self._pass()
            if self._is_busy:
                await self._awake.wait()
            elif self._began == began:
                return self._began

    @property
    def _is_busy(self) -> bool:
        return bool(self._attempts or self._ledger)

    async def _rest(self) -> None:
        """Until there is something to do, or it is time to look."""
        resting = [gateway.health.rests_for for own in self._gateways.values() for gateway in own]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min([POLL_SECONDS, *(rest for rest in resting if rest > 0)])):
                await self._awake.wait()
                return
        self._look = True

    async def _pass(self) -> None:
        now = self._clock()
        await self._sweep(now)
        lanes = await self._due(now)
        if not lanes and not self._ledger:
            return
        notes = self._ledger.take()
        try:
            async with transaction():
                lost = await write(notes, now)
                claimed = await self._claim(lanes, now)
        except BaseException:
            self._ledger.give_back(notes)
            raise
        confirm(notes, lost)
        for row in claimed:
            self._attempt(row)

    async def _sweep(self, now: datetime) -> None:
        monotonic = asyncio.get_running_loop().time()
        if monotonic < self._sweep_at:
            return
        for kind, own in self._kinds_to_sweep():
            await settle_leftovers(self._portal, self._sender, kind, [gateway.name for gateway in own], now)
        if monotonic >= self._look_for_receipts_at:
            for gateway in self._gateways.get("sms", ()):
                gateway.note_receipts(await have_stopped(gateway.name, now))
            self._look_for_receipts_at = monotonic + _RECEIPTS_SECONDS
        self._sweep_at = monotonic + _SWEEP_SECONDS

    def _kinds_to_sweep(self) -> Iterable[tuple[str, Sequence[Gateway]]]:
        """Also calls where no gateway can call any more: nobody sends them, so they expire with their codes."""
        calls: Gateways = {"call": ()} if "sms" in self._gateways else {}
        return {**calls, **self._gateways}.items()

    async def _due(self, now: datetime) -> list[tuple[str, int]]:
        """The kinds and priorities of which something may be claimed, the first ones first."""
        if not self._look or self._sender.stopping:
            return []
        kinds = [kind for kind, own in self._gateways.items() if next_gateway(own)]
        self._look = len(kinds) < len(self._gateways)
        return sorted(await outbox.due(kinds, _PRIORITIES, now), key=lambda lane: lane[1]) if kinds else []

    async def _claim(self, lanes: Sequence[tuple[str, int]], now: datetime) -> list[ClaimedRow]:
        room = {}
        for kind, _ in lanes:
            gateway = next_gateway(self._gateways[kind])
            room[kind] = gateway.free if gateway else 0
        claimed: list[ClaimedRow] = []
        for kind, priority in lanes:
            if room[kind]:
                rows = await outbox.claim(kind, priority, now, room[kind])
                room[kind] -= len(rows)
                claimed += rows
            self._look = self._look or not room[kind]
        return claimed

    def _attempt(self, row: ClaimedRow) -> None:
        self._began += 1
        gateway = next_gateway(self._gateways[row["kind"]], names(row["past"]), names(row["last_choice"]))
        work = self._sender.attempt(row, gateway, gateway.take()) if gateway else self._sender.wait(row)
        attempt = asyncio.create_task(work)
        self._attempts.add(attempt)
        attempt.add_done_callback(self._ended)

    def _ended(self, attempt: asyncio.Task[None]) -> None:
        self._attempts.discard(attempt)
        self._awake.set()
        if not attempt.cancelled() and (error := attempt.exception()):
            # Its row is found by the sweep.
            log.error("an attempt failed: %s", type(error).__name__)


async def run_forever(portal: Portal, gateways: Gateways, render: Render, clock: Callable[[], datetime]) -> None:
    """Deliver until cancelled; what is being sent then is finished first, within `SHUTDOWN_SECONDS` seconds.

    Returns at once where both kinds are `outbox:`. Close the gateways only after it has ended.
    """
    if not any(gateways.values()):
        return
    worker = Worker(portal, gateways, render, clock)
    with portal.posted.telling(worker.wake):
        running = asyncio.create_task(worker.run())
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            worker.stop()
            await asyncio.wait({running}, timeout=SHUTDOWN_SECONDS)
            raise
        finally:
            running.cancel()
            await asyncio.wait({running})
