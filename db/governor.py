"""Codes sent and typed, by what they count for and hour; and the steps that were taken because of them.

A subject that everybody shares has several rows an hour, any of which is counted in: nobody waits for one row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from db.engine import fetch, places, run
from db.tables import GovernorCount, GovernorStep

# Hours in which a code was typed are kept for so long: they prove their network. Others for the longest window.
PROOF_KEPT, KEPT = timedelta(days=28), timedelta(days=2)


@dataclass(frozen=True)
class Addition:
    """What is added to the row `id`, that of `subject` and the hour that began at `hour`."""

    id: str
    subject: str
    hour: datetime
    sent: int = 0
    typed: int = 0
    held: int = 0


class CountsRow(TypedDict):
    subject: str
    sent: int
    typed: int
    held: int


class ProvenRow(TypedDict):
    subject: str


class StepRow(TypedDict):
    """`told` is the step of which the staff knows."""

    subject: str
    kind: str
    name: str
    step: int
    told: int
    since: datetime


async def count(additions: Sequence[Addition]) -> None:
    """Rows are locked in the order of their ids: two requests never wait for each other in turn."""
    ordered = sorted(additions, key=lambda addition: addition.id)
    await run(
        "INSERT INTO governor_counts (id, subject, hour, sent, typed, held) VALUES "
        + ", ".join("({}, {}, {}, {}, {}, {})" for _ in ordered)
        + " ON CONFLICT (id) DO UPDATE SET sent = governor_counts.sent + excluded.sent,"
        " typed = governor_counts.typed + excluded.typed, held = governor_counts.held + excluded.held",
        *[value for one in ordered for value in (one.id, one.subject, one.hour, one.sent, one.typed, one.held)],
    )


async def sums(subjects: Collection[str], since: datetime) -> Sequence[CountsRow]:
    return await fetch(
        CountsRow,
        "SELECT subject, CAST(SUM(sent) AS bigint) AS sent, CAST(SUM(typed) AS bigint) AS typed,"
        f" CAST(SUM(held) AS bigint) AS held FROM governor_counts WHERE subject IN ({places(subjects)})"
        " AND hour > {} GROUP BY subject",
        *subjects, since,
    )  # fmt: skip


async def proven(subjects: Collection[str], now: datetime) -> bool:
    """Whether a code was typed from one of the networks not long ago.

    Not in this hour: what a code counts for must not change between its sending and its typing.
    """
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    rows = await fetch(
        ProvenRow,
        f"SELECT subject FROM governor_counts WHERE subject IN ({places(subjects)}) AND hour > {{}} AND hour < {{}}"
        " AND typed > 0 LIMIT 1",
        *subjects, now - PROOF_KEPT, this_hour,
    )  # fmt: skip
    return bool(rows)


async def steps(subjects: Collection[str]) -> Sequence[StepRow]:
    return await fetch(
        StepRow,
        f"SELECT subject, kind, name, step, told, since FROM governor_steps WHERE subject IN ({places(subjects)})",
        *subjects,
    )


async def all_steps() -> Sequence[StepRow]:
    return await fetch(StepRow, "SELECT subject, kind, name, step, told, since FROM governor_steps ORDER BY kind, name")


async def change(subject: str, kind: str, name: str, former: int, step: int, now: datetime) -> bool:
    """From the step `former` to `step`; whether nobody else has done it already."""
    rows = await run(
        "INSERT INTO governor_steps (subject, kind, name, step, told, since) VALUES ({}, {}, {}, {}, 0, {})"
        " ON CONFLICT (subject) DO UPDATE SET step = excluded.step, since = excluded.since"
        " WHERE governor_steps.step = {} RETURNING subject",
        subject, kind, name, step, now, former,
    )  # fmt: skip
    return bool(rows)


async def rename(keys: Mapping[str, str]) -> None:
    """Give steps of former subjects their names of now; where there is one by then, it stays alone."""
    found = await run(f"SELECT subject FROM governor_steps WHERE subject IN ({places(keys)})", *keys)
    for old in sorted((row["subject"] for row in found), key=lambda old: keys[old]):
        await run(
            "UPDATE governor_steps SET subject = {} WHERE subject = {}"
            " AND NOT EXISTS (SELECT 1 FROM governor_steps WHERE subject = {})",
            keys[old], old, keys[old],
        )  # fmt: skip
        await GovernorStep.delete().where(GovernorStep.subject == old)


async def tell(row: StepRow) -> bool:
    """The staff is told of the row's step; whether nobody else tells them. What is over is removed."""
    if row["step"] == 0:
        rows = await run(
            "DELETE FROM governor_steps WHERE subject = {} AND step = 0 AND told = {} RETURNING subject",
            row["subject"], row["told"],
        )  # fmt: skip
    else:
        rows = await run(
            "UPDATE governor_steps SET told = {} WHERE subject = {} AND step = {} AND told = {} RETURNING subject",
            row["step"], row["subject"], row["step"], row["told"],
        )  # fmt: skip
    return bool(rows)


async def sweep(now: datetime) -> None:
    await GovernorCount.delete().where(
        (GovernorCount.hour <= now - PROOF_KEPT) | ((GovernorCount.hour <= now - KEPT) & (GovernorCount.typed == 0))
    )
