"""Import of the company's registry: rows of a file become accounts, bills, cards or customers.

All of it or nothing. An import can be repeated: the second time finds everything unchanged. Where rows
contradict each other the first counts, and only `skip_bad` lets that pass.

`replace` also removes what the file no longer has: accounts, which take their bills and their attachments to
customers out of sight and bring them back when they come back; bills of every period; cards; customers who came by
an import and have never proved themselves, and those customers' attached accounts. A bad row that is skipped still
protects the row it means, as far as its key can be read. More than a hundredth of the table, or of the accounts
attached to customers, only goes where the operator names the number.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge as in_order
from typing import Any

from db.engine import Engine
from db.importer import Import, importing
from db.secret_columns import HASHED_TABLES
from domain.installation import require_one_secret
from domain.registry.cleaning import cleaned
from domain.registry.kinds import Kind
from domain.registry.rows import BadRow, RegistryFileError, Row

# Of a hundred rows one may go without a word, and a single one of fewer: a file that was cut off lacks more.
REMOVABLE = 100
# Enough to see what is wrong with a file, few enough to read.
REPORTED = 20
_CHUNK = 5_000
_COUNTED = (
    "added", "changed", "unchanged", "removed", "present", "bills", "attachments", "attached",
    "readdressed", "reowned", "ended", "renumbered",
)  # fmt: skip


@dataclass
class Report:
    """What came of an import. Without `done` nothing was changed because of the bad rows."""

    done: bool = False
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    # Rows that were there before.
    present: int = 0
    # What went with removed accounts, or left the customers' lists.
    bills: int = 0
    attachments: int = 0
    # Attached accounts that were there before, where an import can take them from customers who stay.
    attached: int = 0
    # Accounts with another address; with another owner, and how many attachments end with that; and those that go while
    # the same address comes under another number.
    readdressed: int = 0
    reowned: int = 0
    ended: int = 0
    renumbered: int = 0
    skipped: int = 0
    # The first of them, in the order of the file.
    bad: list[BadRow] = field(default_factory=list)

    @property
    def removable(self) -> int:
        """How many rows may go without being asked about."""
        return max(1, self.present // REMOVABLE)

    @property
    def to_be_allowed(self) -> int:
        """The number that the operator has to name for what would go; 0 where nobody is asked about it."""
        going = ((self.removed, self.present), (self.attachments, self.attached), (self.reowned, self.present))
        return max((count for count, of in going if of and count > max(1, of // REMOVABLE)), default=0)

    def add_bad(self, count: int, rows: Iterable[BadRow]) -> None:
        self.skipped += count
        self.bad = list(in_order(self.bad, rows, key=lambda row: row.line))[:REPORTED]


async def import_rows(
    engine: Engine,
    kind: Kind,
    rows: Iterator[Row | BadRow],
    now: datetime,
    *,
    replace: bool = False,
    skip_bad: bool = False,
    dry_run: bool = False,
    allow_removing: int = 0,
    in_turn: Callable[[], Awaitable[None]] | None = None,
) -> Report:
    """Raises RegistryFileError when `rows` raises it, or when `replace` would remove more than it may.

    `in_turn` is asked once no other import can be brought into place any more; what it raises ends this one.
    """
    report = Report()
    async with importing(engine, kind.name) as begun:
        await _load(begun, kind, rows, report)
        await _check(begun, kind, report)
        if in_turn is not None:
            await in_turn()
        if kind.name in HASHED_TABLES:
            # Asked in its turn: a rotation waits for it, or was begun before.
            await require_one_secret(kind.made_from[0])
        if report.skipped and not skip_bad:
            return report
        if replace and not await begun.staged():
            raise RegistryFileError("has no usable row, and --replace would remove everything")
        counts = await begun.compare(replace)
        for name in _COUNTED:
            setattr(report, name, counts[name])
        if report.to_be_allowed > allow_removing and not dry_run:
            raise RegistryFileError(_too_many_removed(kind.name, report))
        if not dry_run:
            await begun.apply(now)
    report.done = True
    return report


def _too_many_removed(kind: str, report: Report) -> str:
    gone = f"remove {report.removed} of {report.present} {kind}"
    if report.reowned > report.removable:
        return (
            f"{report.reowned} of {report.present} {kind} would have another owner: is owner_key what it was before?"
            f" If it is, say --allow-removing {report.to_be_allowed}"
        )
    if report.removed <= report.removable:
        gone = f"take {report.attachments} of {report.attached} attached accounts from their customers"
    return f"--replace would {gone}: is the file whole? If it is, say --allow-removing {report.to_be_allowed}"


async def _load(begun: Import, kind: Kind, rows: Iterator[Row | BadRow], report: Report) -> None:
    """While the database takes some rows, the next ones are read and cleaned."""
    good: list[tuple[Any, ...]] = []
    protected: list[tuple[str, ...]] = []
    async with contextlib.aclosing(cleaned(kind, rows)) as chunks, _one_at_a_time() as write:
        async for chunk in chunks:
            bad = [row for row in chunk if isinstance(row, BadRow)]
            good += [row for row in chunk if not isinstance(row, BadRow)]
            # Rows come in the order of the file, so the first ones are all that is ever reported.
            report.add_bad(len(bad), bad[: REPORTED - len(report.bad)])
            protected += [row.key for row in bad if row.key is not None]
            if len(good) + len(protected) >= _CHUNK:
                await write(_write(begun, good, protected))
                good, protected = [], []
        await write(_write(begun, good, protected))


async def _write(begun: Import, good: list[tuple[Any, ...]], protected: list[tuple[str, ...]]) -> None:
    await begun.load(good)
    await begun.protect(protected)


@contextlib.asynccontextmanager
async def _one_at_a_time() -> AsyncIterator[Callable[[Coroutine[Any, Any, None]], Awaitable[None]]]:
    """Begins a work once the one before has ended, and raises what that has raised; at the end none is under way."""
    under_way: asyncio.Task[None] | None = None

    async def begin(work: Coroutine[Any, Any, None]) -> None:
        nonlocal under_way
        try:
            if under_way is not None:
                await under_way
        except BaseException:
            work.close()
            raise
        under_way = asyncio.create_task(work)

    try:
        yield begin
        if under_way is not None:
            await under_way
    finally:
        if under_way is not None:
            under_way.cancel()
            await asyncio.wait({under_way})


async def _check(begun: Import, kind: Kind, report: Report) -> None:
    """What a single row cannot tell: contradictions within the file, and accounts that are not there."""
    key = " and ".join(column.name for column in kind.columns[: kind.key_columns])
    count, conflicts = await begun.take_out_conflicts(REPORTED)
    report.add_bad(count, [BadRow(line, key, f"stands on line {first} with other values") for line, first in conflicts])
    count, lines = await begun.take_out_contested(REPORTED)
    report.add_bad(count, [BadRow(line, "login", "stands on an earlier line with another holder_id") for line in lines])
    await begun.begin_exclusive()
    count, lines = await begun.take_out_unknown(REPORTED)
    report.add_bad(count, [BadRow(line, begun.unknown_column, "no such account") for line in lines])
