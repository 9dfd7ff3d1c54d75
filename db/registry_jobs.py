"""Registry files sent by the staff, as jobs that any process takes up and that outlive each of them.

States: `receiving` → `check` (it waits for its dry run, or a process is at it) → `checked` → `load` (the same for the
import itself) → `loaded`; or `failed`. A process that has claimed a job says so again while it works; where it does
not, the next one begins anew. Every change is made by the claim, so a process that was too slow changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict

from piccolo.columns import Column

from db.engine import fetch, fetch_one, for_update_skip_locked, run
from db.tables import RegistryJob, RegistryJobPart

_COLUMNS = (
    "id, staff, created_at, kind, file, sha256, size, replacing, skip_bad, allow_removing, state, attempts, claim,"
    " claimed_until, done, total, report, error, ended_at"
)


class JobRow(TypedDict):
    id: int
    staff: int
    created_at: datetime
    kind: str
    file: str
    sha256: str
    size: int
    replacing: bool
    skip_bad: bool
    allow_removing: int
    state: str
    attempts: int
    claim: str
    claimed_until: datetime | None
    done: int
    total: int
    report: str
    error: str
    ended_at: datetime | None


class PartRow(TypedDict):
    id: int
    sealed: str


class Received(TypedDict):
    """What is known once the whole file is there."""

    kind: str
    file: str
    sha256: str
    size: int
    replacing: bool
    skip_bad: bool


async def begin(staff: int, now: datetime) -> int:
    rows = await RegistryJob.insert(RegistryJob(staff=staff, created_at=now, state="receiving"))
    return int(rows[0]["id"])


async def add_part(job: int, sealed: str) -> None:
    await RegistryJobPart.insert(RegistryJobPart(job=job, sealed=sealed))


async def complete(job: int, received: Received) -> None:
    """The file is there; its dry run is next."""
    values: dict[Column | str, Any] = {"state": "check"}
    values.update(received.items())
    await RegistryJob.update(values).where(RegistryJob.id == job)


async def get(job: int) -> JobRow | None:
    return await fetch_one(JobRow, f"SELECT {_COLUMNS} FROM registry_jobs WHERE id = {{}}", job)


async def newest(most: int) -> Sequence[JobRow]:
    return await fetch(
        JobRow, f"SELECT {_COLUMNS} FROM registry_jobs WHERE state <> 'receiving' ORDER BY id DESC LIMIT {{}}", most
    )


async def part_after(job: int, number: int) -> PartRow | None:
    return await fetch_one(
        PartRow,
        "SELECT id, sealed FROM registry_job_parts WHERE job = {} AND id > {} ORDER BY id LIMIT 1",
        job, number,
    )  # fmt: skip


async def start(job: int, former: str, state: str, allow_removing: int) -> bool:
    """Have it checked or loaded; False where it is not in the `former` state any more."""
    rows = await run(
        "UPDATE registry_jobs SET state = {}, allow_removing = {}, attempts = 0, done = 0, total = 0, error = '',"
        " claim = '', claimed_until = NULL, ended_at = NULL WHERE id = {} AND state = {} RETURNING id",
        state, allow_removing, job, former,
    )  # fmt: skip
    return bool(rows)


async def remove(job: int) -> bool:
    """With its file, unless a process may be at it."""
    rows = await run(
        "DELETE FROM registry_jobs WHERE id = {} AND state IN ('checked', 'loaded', 'failed') RETURNING id", job
    )
    if rows:
        await forget_parts(job)
    return bool(rows)


async def discard(job: int) -> None:
    """A file that did not come to its end."""
    await RegistryJob.delete().where(RegistryJob.id == job, RegistryJob.state == "receiving")
    await forget_parts(job)


async def forget_parts(job: int) -> None:
    await RegistryJobPart.delete().where(RegistryJobPart.job == job)


async def waits(now: datetime) -> bool:
    """Whether there is one to be claimed. It only reads."""
    rows = await run(
        "SELECT id FROM registry_jobs WHERE state IN ('check', 'load')"
        " AND (claimed_until IS NULL OR claimed_until <= {}) LIMIT 1",
        now,
    )
    return bool(rows)


async def claim(mark: str, now: datetime, until: datetime) -> JobRow | None:
    """The oldest that nobody is at; no two processes get the same one."""
    return await fetch_one(
        JobRow,
        "WITH next AS MATERIALIZED (SELECT id FROM registry_jobs WHERE state IN ('check', 'load')"
        f" AND (claimed_until IS NULL OR claimed_until <= {{}}) ORDER BY id LIMIT 1{for_update_skip_locked()})"
        " UPDATE registry_jobs SET claim = {}, claimed_until = {}, attempts = attempts + 1"
        f" WHERE id IN (SELECT id FROM next) RETURNING {_COLUMNS}",
        now, mark, until,
    )  # fmt: skip


async def renew(job: int, mark: str, until: datetime, done: int, total: int) -> bool:
    """Still at it; whether the job is still this process's."""
    rows = await run(
        "UPDATE registry_jobs SET claimed_until = {}, done = {}, total = {} WHERE id = {} AND claim = {}"
        " AND state IN ('check', 'load') RETURNING id",
        until, done, total, job, mark,
    )  # fmt: skip
    return bool(rows)


async def end(job: int, mark: str, state: str, *, report: str, error: str, now: datetime) -> bool:
    """What came of it; False where it is another process's by now."""
    rows = await run(
        "UPDATE registry_jobs SET state = {}, report = {}, error = {}, ended_at = {}, claim = '', claimed_until = NULL"
        " WHERE id = {} AND claim = {} AND state IN ('check', 'load') RETURNING id",
        state, report, error[:300], now, job, mark,
    )  # fmt: skip
    return bool(rows)


async def forget(received_before: datetime, ended_before: datetime) -> None:
    """Files that never came whole, and those that nobody has come back to."""
    old = await run(
        "DELETE FROM registry_jobs WHERE (state = 'receiving' AND created_at <= {})"
        " OR (state IN ('checked', 'loaded', 'failed') AND ended_at <= {}) RETURNING id",
        received_before, ended_before,
    )  # fmt: skip
    for row in old:
        await forget_parts(row["id"])
