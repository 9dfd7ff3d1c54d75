"""What an admin does with registry files: sends one, looks at what it would change, loads it or puts it away."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db import imports, registry_jobs, staff
from db.engine import transaction
from db.imports import ImportRow
from db.registry_jobs import JobRow
from domain.refusals import Code, Refused, SessionExpired
from domain.registry.kinds import KINDS
from domain.registry.sent_files import Receiving
from domain.scope import Scope
from domain.staff import journal, rights
from domain.staff.people import Role

# How many are listed.
_IMPORTS, _JOBS = 50, 10


@dataclass(frozen=True)
class Job:
    """`percent` of a job under way, None where it is not known; `report` as domain/registry/importing.py counts."""

    number: int
    staff: str
    created_at: datetime
    kind: str
    file: str
    size: int
    replacing: bool
    skip_bad: bool
    state: str
    percent: int | None
    error: str
    report: dict[str, Any]

    @property
    def under_way(self) -> bool:
        return self.state in {"check", "load"}

    @property
    def usable(self) -> bool:
        """Whether «Загрузить» would import something: a dry run that stopped at bad rows has compared nothing."""
        return self.state == "checked" and bool(self.report.get("done"))


async def begin(scope: Scope) -> tuple[int, Receiving] | SessionExpired:
    """A file is about to come."""
    async with transaction():
        person = await rights.actor(scope, Role.ADMIN)
        if person is None:
            return SessionExpired()
        number = await registry_jobs.begin(person.staff, scope.now)
    return number, Receiving(scope.portal, number)


async def complete(
    scope: Scope, number: int, receiving: Receiving, *, kind: str, name: str, replacing: bool, skip_bad: bool
) -> Refused | SessionExpired | None:
    """All of it has come: it is checked next."""
    if kind not in KINDS:
        return Refused(Code.REQUIRED, "kind")
    await receiving.end()
    async with transaction():
        person = await rights.actor(scope, Role.ADMIN)
        if person is None:
            return SessionExpired()
        await registry_jobs.complete(
            number,
            {
                "kind": kind,
                "file": _clean(name),
                "sha256": receiving.sha256,
                "size": receiving.size,
                "replacing": replacing,
                "skip_bad": skip_bad,
            },
        )
        await journal.note(scope, "registry-file-sent", person.staff, subject=_subject(number, kind))
    return None


async def discard(number: int) -> None:
    await registry_jobs.discard(number)


def _clean(name: str) -> str:
    """As it can be shown and kept: the last part of a path, without what cannot be seen."""
    seen = "".join(sign for sign in name if unicodedata.category(sign)[0] not in "CZ" or sign == " ")
    return seen.replace("\\", "/").rpartition("/")[2][-255:] or "?"


async def load(scope: Scope, number: int, allow_removing: int) -> Refused | SessionExpired | None:
    """«Загрузить». Where more would go than goes by itself, the number of it has to be named."""

    async def judged(row: JobRow) -> Refused | None:
        report = json.loads(row["report"] or "{}")
        if row["state"] != "checked" or not report.get("done"):
            return Refused(Code.JOB_CHANGED)
        if report["to_be_allowed"] != allow_removing:
            return Refused(Code.REMOVAL_NUMBER_WRONG, "removing")
        return None if await registry_jobs.start(number, "checked", "load", allow_removing) else _CHANGED

    return await _act(scope, number, "registry-file-loaded", judged)


_CHANGED = Refused(Code.JOB_CHANGED)


async def start_again(scope: Scope, number: int) -> Refused | SessionExpired | None:
    """A failed one is checked anew."""

    async def judged(_row: JobRow) -> Refused | None:
        return None if await registry_jobs.start(number, "failed", "check", 0) else _CHANGED

    return await _act(scope, number, "registry-file-checked", judged)


async def remove(scope: Scope, number: int) -> Refused | SessionExpired | None:
    async def judged(_row: JobRow) -> Refused | None:
        return None if await registry_jobs.remove(number) else _CHANGED

    return await _act(scope, number, "registry-file-removed", judged)


async def _act(
    scope: Scope, number: int, event: str, judge: Callable[[JobRow], Awaitable[Refused | None]]
) -> Refused | SessionExpired | None:
    async with transaction():
        person = await rights.actor(scope, Role.ADMIN)
        if person is None:
            return SessionExpired()
        row = await registry_jobs.get(number)
        refused = await judge(row) if row is not None else _CHANGED
        if refused is None and row is not None:
            await journal.note(scope, event, person.staff, subject=_subject(number, row["kind"]))
        return refused


def _subject(number: int, kind: str) -> str:
    return f"file {number}, {kind}"


async def get(scope: Scope, number: int) -> Job | None:
    row = await registry_jobs.get(number)
    return _job(row, await _email(scope, row["staff"])) if row is not None and row["state"] != "receiving" else None


async def newest(scope: Scope) -> list[Job]:
    rows = await registry_jobs.newest(_JOBS)
    emails = {who: await _email(scope, who) for who in {row["staff"] for row in rows}}
    return [_job(row, emails[row["staff"]]) for row in rows]


async def history(scope: Scope) -> Sequence[ImportRow]:
    """Imports so far, those by the command among them; `who` of one by the staff is their address."""
    rows = await imports.newest(_IMPORTS)
    persons = {row["who"]: int(row["who"][6:]) for row in rows if row["who"].startswith("staff ")}
    emails = {who: await _email(scope, number) for who, number in persons.items()}
    return [{**row, "who": emails.get(row["who"], row["who"])} for row in rows]


def _job(row: JobRow, email: str) -> Job:
    percent = min(100, row["done"] * 100 // row["total"]) if row["total"] > 0 else None
    return Job(
        row["id"], email, row["created_at"], row["kind"], row["file"], row["size"], row["replacing"], row["skip_bad"],
        row["state"], percent, row["error"], json.loads(row["report"] or "{}"),
    )  # fmt: skip


async def _email(scope: Scope, person: int) -> str:
    row = await staff.get(person)
    return str(scope.unseal(row["email_sealed"])) if row is not None else ""
