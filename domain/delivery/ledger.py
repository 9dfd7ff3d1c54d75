"""What the attempts of this process want written of their rows, written together.

A commit waits for the disk; that is done once for all that has come together since the last one. No row waits for
another's gateway: what is known of it is in the next transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from db import outbox
from db.outbox import Handover


@dataclass(frozen=True)
class Begun:
    """From now on `gateway` may have the message, and those of `past` (comma-separated) too."""

    gateway: str
    past: str


@dataclass(frozen=True)
class HandedOver:
    """The gateway has it: `accepted` where it will say what becomes of it, else `sent`."""

    state: str
    gateway_id_hash: str
    cost_kopecks: int | None


@dataclass(frozen=True)
class Settled:
    """It was not sent, or nobody knows whether it was."""

    state: str
    reason: str


@dataclass(frozen=True)
class PutBack:
    """Without a pause where `next_at` is None."""

    past: str
    reason: str
    next_at: datetime | None


Change = Begun | HandedOver | Settled | PutBack


@dataclass(frozen=True, eq=False)
class Note:
    """`written` is set to whether the row was still this attempt's."""

    row: int
    attempts: int
    change: Change
    written: asyncio.Future[bool]


class Ledger:
    """`wake` is called where something is to be written."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._notes: list[Note] = []

    def __bool__(self) -> bool:
        return bool(self._notes)

    async def note(self, row: int, attempts: int, change: Change) -> bool:
        """Wait until the change is committed; False where the row was no longer this attempt's."""
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._notes.append(Note(row, attempts, change, written))
        self._wake()
        return await written

    def take(self) -> Sequence[Note]:
        """What is to be written; those who noted it are told by `confirm`."""
        notes, self._notes = self._notes, []
        return [note for note in notes if not note.written.done()]

    def give_back(self, notes: Sequence[Note]) -> None:
        """They were not written."""
        self._notes = [*notes, *self._notes]


async def write(notes: Iterable[Note], now: datetime) -> set[Note]:
    """Part of the caller's transaction. The notes whose row was no longer their attempt's."""
    alike: dict[tuple[Begun | Settled | PutBack, int], list[Note]] = {}
    handed_over: list[tuple[Note, Handover]] = []
    for note in notes:
        if isinstance(note.change, HandedOver):
            handed_over.append((note, _row_of(note, note.change)))
        else:
            alike.setdefault((note.change, note.attempts), []).append(note)
    taken = await outbox.hand_over([row for _, row in handed_over], now)
    lost = {note for note, _ in handed_over if note.row not in taken}
    for (change, attempts), some in alike.items():
        rows = [note.row for note in some]
        match change:
            case Begun():
                changed = await outbox.begin(rows, attempts, change.gateway, change.past, now)
            case Settled():
                changed = await outbox.settle(rows, attempts, change.state, change.reason, now)
            case PutBack():
                changed = await outbox.put_back(rows, attempts, change.past, change.reason, change.next_at or now)
        lost |= {note for note in some if note.row not in changed}
    return lost


def _row_of(note: Note, change: HandedOver) -> Handover:
    return {
        "id": note.row,
        "attempts": note.attempts,
        "state": change.state,
        "gateway_id_hash": change.gateway_id_hash,
        "cost_kopecks": change.cost_kopecks,
    }


def confirm(notes: Iterable[Note], lost: set[Note]) -> None:
    """After the commit."""
    for note in notes:
        if not note.written.done():
            note.written.set_result(note not in lost)
