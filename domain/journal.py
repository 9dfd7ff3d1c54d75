"""Writes and reads the journal of a customer's account: what was done, from where and when (rows: db/journal.py)."""

from __future__ import annotations

from collections.abc import Sequence

from db import journal
from db.engine import after_commit
from db.journal import JournalRow
from domain.scope import Scope
from domain.throttles import network_of
from domain.usage_counts import What

# Events that are counted for the staff's summary.
_COUNTED = {"registered": What.REGISTERED, "card-registered": What.REGISTERED, "signed-in": What.SIGNED_IN}


async def newest_of(customer: int, entries: int) -> Sequence[JournalRow]:
    """The newest entries of a customer, newest first."""
    return await journal.of_customer(customer, entries)


async def note(scope: Scope, event: str, customer: int | None, details: str = "") -> None:
    """One entry. `details` never holds personal data: a count, a purpose, a reason."""
    client = scope.client
    await journal.add(scope.now, event, customer, client.ip, client.user_agent, details)
    if what := _COUNTED.get(event):
        after_commit(lambda: scope.portal.usage.add(what, event))


async def note_repeat(scope: Scope, event: str, customer: int | None, details: str = "") -> None:
    """One entry for equal events of one customer from one network in one hour: how many, and when the last was."""
    client = scope.client
    hour = scope.now.replace(minute=0, second=0, microsecond=0).isoformat()
    sum_key = scope.keyed_hash("journal", f"{event}\0{details}\0{customer}\0{network_of(client.ip)}\0{hour}")
    await journal.add_repeat(scope.now, event, customer, client.ip, client.user_agent, sum_key, details)


async def note_look_by_company(scope: Scope, event: str, customer: int) -> None:
    """One entry for all that the company looked at within an hour, like `note_by_company`."""
    hour = scope.now.replace(minute=0, second=0, microsecond=0).isoformat()
    sum_key = scope.keyed_hash("journal", f"{event}\0by company\0{customer}\0{hour}")
    await journal.add_repeat(scope.now, event, customer, "", "", sum_key)


async def note_by_company(scope: Scope, event: str, customer: int) -> None:
    """One entry for what the company did: without address and browser, which are not the customer's."""
    await journal.add(scope.now, event, customer, "", "")
