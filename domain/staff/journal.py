"""The journal of what the staff look at and do.

Each entry holds the hash of the one before, and its own hash is keyed: who can write to the database, and does not have
the secret, can neither change an entry nor add one in between. What they could do is cut off the end; that shows by a
count and a hash that somebody has noted elsewhere (`litestar journal verify --holds`).

The entry is written in the transaction of the act, and the chain's end is locked until that has committed. This is a
lock that only the staff wait for: what customers do stands in their own journal, which is not chained.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from db import staff_journal
from db.staff_journal import EntryRow
from domain import journal as journal_of_customers
from domain.scope import Scope

_PORTION = 1000


@dataclass(frozen=True)
class Verified:
    """What the chain holds. `wrong` is the first number at which it is broken, None where it is whole."""

    entries: int
    hash: str
    wrong: int | None = None


async def note(
    scope: Scope, event: str, staff: int | None, *, customer: int | None = None, subject: str = "", reason: str = ""
) -> None:
    """One entry, the last statement but commits of the caller's transaction. `staff` is None for a command."""
    end = await staff_journal.lock_end()
    row: EntryRow = {
        "number": end["number"] + 1,
        "at": scope.now,
        "staff": staff,
        "customer": customer,
        "event": event,
        "subject": subject,
        "reason_sealed": scope.seal(reason) if reason else "",
        "ip": scope.client.ip,
        "hash_before": end["hash"],
        "hash": "",
    }
    row["hash"] = scope.keyed_hash(*_hashed(row))
    await staff_journal.add(row)


async def note_look(scope: Scope, event: str, staff: int, customer: int, *, subject: str = "", reason: str) -> None:
    """A look at a customer's data: the customer reads of it in their own history, without who and from where."""
    await note_looks(scope, event, staff, [customer], subject=subject, reason=reason)


async def note_looks(
    scope: Scope, event: str, staff: int, seen: Iterable[int], *, subject: str = "", reason: str
) -> None:
    """The same for several customers, whose rows are locked in the order of their numbers, and the chain last."""
    ordered = sorted(seen)
    for customer in ordered:
        await journal_of_customers.note_look_by_company(scope, "opened-by-staff", customer)
    for customer in ordered:
        await note(scope, event, staff, customer=customer, subject=subject, reason=reason)


async def verify(scope: Scope, *, holds: tuple[int, str] | None = None) -> Verified:
    """Follow the chain from its beginning. `holds` is an entry's number and hash as they were noted before."""
    number, before, seen = 0, "", holds is None
    while rows := await staff_journal.after(number, _PORTION):
        for row in rows:
            right = row["number"] == number + 1 and row["hash_before"] == before
            if not right or not scope.portal.sealing.has_hash(row["hash"], *_hashed(row)):
                return Verified(number, before, number + 1)
            number, before = row["number"], row["hash"]
            if holds is not None and number == holds[0]:
                seen = hmac.compare_digest(before, holds[1])
    end = await staff_journal.end()
    if (end["number"], end["hash"]) != (number, before) or not seen:
        return Verified(number, before, number + 1 if seen else holds[0] if holds else number + 1)
    return Verified(number, before)


def _hashed(row: EntryRow) -> tuple[str, str]:
    """What the hash of an entry is of."""
    said = [row["hash_before"], row["number"], row["at"].astimezone(UTC).isoformat(timespec="microseconds")]
    said += [row[name] for name in ("staff", "customer", "event", "subject", "reason_sealed", "ip")]
    return "staff journal", json.dumps(said, ensure_ascii=False)
