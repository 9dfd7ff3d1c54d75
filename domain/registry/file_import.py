"""A registry file imported as a whole: its rows, those who lose something by it, and its place in the history."""

from __future__ import annotations

import getpass
import hashlib
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from db import imports
from db.engine import Engine
from domain.portal import Portal
from domain.registry.account_losses import tell_losses
from domain.registry.files import opened_rows
from domain.registry.importing import Report, import_rows
from domain.registry.kinds import kinds
from domain.registry.rows import Progress, RegistryFileError


@dataclass(frozen=True)
class Options:
    """As `import_rows` takes them."""

    replace: bool = False
    skip_bad: bool = False
    dry_run: bool = False
    allow_removing: int = 0


@dataclass(frozen=True)
class Sent:
    """A file that did not come by a command: its name, who has sent it, and what `import_rows` asks in its turn."""

    name: str
    who: str
    in_turn: Callable[[], Awaitable[None]]


async def import_file(
    engine: Engine,
    portal: Portal,
    kind: str,
    file: Path,
    options: Options,
    now: datetime,
    progress: Progress,
    sent: Sent | None = None,
) -> Report:
    """Raises RegistryFileError where nothing of the file can be used; that too stands in the history."""
    settings = portal.settings
    today = now.astimezone(settings.zone).date()
    wanted = kinds(portal.sealing, settings.sms_countries, today)[kind]
    report = Report()
    try:
        with opened_rows(file, wanted.file_columns, progress) as rows:
            report = await import_rows(
                engine, wanted, rows, now,
                replace=options.replace, skip_bad=options.skip_bad, dry_run=options.dry_run,
                allow_removing=options.allow_removing, in_turn=sent.in_turn if sent else None,
            )  # fmt: skip
        if report.done and not options.dry_run:
            await tell_losses(portal, now)
    except RegistryFileError:
        await _remember(kind, file, report, options, now, sent)
        raise
    await _remember(kind, file, report, options, now, sent)
    return report


async def _remember(kind: str, file: Path, report: Report, options: Options, now: datetime, sent: Sent | None) -> None:
    if options.dry_run:
        return
    await imports.add(
        {
            "at": now,
            "kind": kind,
            "who": sent.who if sent else _who()[:100],
            "file": sent.name if sent else file.name[-255:],
            "sha256": _sha256(file),
            "done": report.done,
            "added": report.added,
            "changed": report.changed,
            "unchanged": report.unchanged,
            "removed": report.removed,
            "skipped": report.skipped,
        }
    )


def _who() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        user = "?"
    return f"{user}@{socket.gethostname()}"


def _sha256(file: Path) -> str:
    """Empty for what cannot be read, or is no file."""
    try:
        with file.open("rb") as read:
            return hashlib.file_digest(read, "sha256").hexdigest()
    except (OSError, ValueError):
        return ""
