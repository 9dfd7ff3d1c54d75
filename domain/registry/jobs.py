"""Works on the registry files that the staff have sent: first a dry run, then, when told to, the import.

Every process looks for work. One claims a job and says every second that it is still at it; where it dies, the next one
begins anew, which an import allows, being all or nothing and the same when repeated. A process that stood still for so
long that another one has taken the job over finds that out when it is its turn to bring the rows into place, and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta

from db import registry_jobs
from db.engine import bound
from db.registry_jobs import JobRow
from domain.portal import Portal
from domain.registry.file_import import Options, Sent, import_file
from domain.registry.importing import Report
from domain.registry.rows import RegistryFileError
from domain.registry.sent_files import on_disk

# How often work is looked for, and a process says that it is at it; for how long that is believed.
_LOOK, _SAY, _BELIEVED = 1.0, 1.0, timedelta(seconds=30)
# So often a job is begun; what ends a process each time must not do so for ever.
_ATTEMPTS = 3
# For how long a file is kept that nobody loads or starts again.
_KEPT, _RECEIVING = timedelta(days=2), timedelta(hours=2)
# What is said of a job that no row is to blame for.
INTERRUPTED, FAULT = "interrupted", "fault"
Clock = Callable[[], datetime]
_log = logging.getLogger("kabinet.registry")


class _LostError(Exception):
    """The job is another process's by now."""


async def work_forever(portal: Portal, clock: Clock) -> None:
    """Goes on after any error: what a job has met is written down, and the next look comes."""
    said = ""
    while True:
        try:
            while await work_once(portal, clock):
                pass
            said = ""
        except Exception as error:  # noqa: BLE001 - nothing may end the loop; the error is logged
            if type(error).__name__ != said:
                said = type(error).__name__
                _log.error("registry files wait: %s", said)
        await asyncio.sleep(_LOOK)


async def work_once(portal: Portal, clock: Clock) -> bool:
    """Do what waits first; whether there was something."""
    if not await registry_jobs.waits(clock()):
        return False
    mark = secrets.token_hex(16)
    job = await registry_jobs.claim(mark, clock(), clock() + _BELIEVED)
    if job is None:
        return False
    if job["attempts"] > _ATTEMPTS:
        await registry_jobs.end(job["id"], mark, "failed", report="", error=INTERRUPTED, now=clock())
        return True
    await _Work(portal, clock, job, mark).run()
    return True


class _Work:
    def __init__(self, portal: Portal, clock: Clock, job: JobRow, mark: str) -> None:
        self._portal, self._clock, self._job, self._mark = portal, clock, job, mark
        self._done = self._total = 0

    async def run(self) -> None:
        saying = asyncio.create_task(self._say())
        try:
            report = await self._import()
        except RegistryFileError as error:
            await self._end("failed", "", str(error))
        except _LostError:
            _log.warning("registry file %s is another process's by now", self._job["id"])
        except asyncio.CancelledError:
            # The next process need not wait until this one is believed dead.
            with contextlib.suppress(Exception):
                await registry_jobs.renew(self._job["id"], self._mark, self._clock(), self._done, self._total)
            raise
        except OSError:
            # The database is away, or the disk is full: tried again while attempts are left.
            raise
        except Exception:  # noqa: BLE001 - logged, and told to whoever waits for it
            _log.exception("registry file %s", self._job["id"])
            await self._end("failed", "", FAULT)
        else:
            await self._end("checked" if self._is_check else "loaded" if report.done else "failed", _json(report), "")
        finally:
            saying.cancel()
            await asyncio.wait({saying})

    @property
    def _is_check(self) -> bool:
        return self._job["state"] == "check"

    async def _import(self) -> Report:
        job = self._job
        options = Options(job["replacing"], job["skip_bad"], self._is_check, job["allow_removing"])
        sent = Sent(job["file"], f"staff {job['staff']}", self._renew)
        async with on_disk(self._portal, job["id"]) as file:
            return await import_file(bound(), self._portal, job["kind"], file, options, self._clock(), self._note, sent)

    def _note(self, done: int, total: int) -> None:
        self._done, self._total = done, total

    async def _say(self) -> None:
        while True:
            await asyncio.sleep(_SAY)
            with contextlib.suppress(OSError):
                await registry_jobs.renew(
                    self._job["id"], self._mark, self._clock() + _BELIEVED, self._done, self._total
                )

    async def _renew(self) -> None:
        until = self._clock() + _BELIEVED
        if not await registry_jobs.renew(self._job["id"], self._mark, until, self._done, self._total):
            raise _LostError

    async def _end(self, state: str, report: str, error: str) -> None:
        job = self._job["id"]
        ended = await registry_jobs.end(job, self._mark, state, report=report, error=error, now=self._clock())
        if ended and state == "loaded":
            await registry_jobs.forget_parts(job)


def _json(report: Report) -> str:
    counts = {**asdict(report), "to_be_allowed": report.to_be_allowed}
    return json.dumps(counts | {"bad": [[row.line, row.column, row.reason] for row in report.bad]})


async def sweep(now: datetime) -> None:
    await registry_jobs.forget(now - _RECEIVING, now - _KEPT)
