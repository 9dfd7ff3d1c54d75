"""The password once more, before anything that could lock the owner out or carry their data away."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from db import customers
from db import sessions as session_rows
from db.engine import transaction
from domain import sessions, sign_in
from domain.portal import Portal
from domain.refusals import Code, Refused
from domain.sessions import Caller, Visit


def is_fresh(portal: Portal, visit: Visit, now: datetime, *, sending: bool = False) -> bool:
    """Whether the password was typed a short while ago.

    A form that was opened in time may be sent for as long again: what was typed must not be lost to the clock.
    """
    limit = timedelta(seconds=portal.settings.password_again * (2 if sending else 1))
    return visit.authenticated_at is not None and now - visit.authenticated_at <= limit


async def judge(portal: Portal, caller: Caller, row: dict[str, Any], password: str, now: datetime) -> list[Refused]:
    """Whether `password` is that of the customer's `row`, counted by this session; empty where it is."""
    return await sign_in.judge_again(portal, caller, row, password, now)


async def prove(portal: Portal, caller: Caller, customer: int, password: str, now: datetime) -> list[Refused]:
    """Judge the password, counted by this session; empty where it is right, and the session is fresh again."""
    row = await customers.get(customer)
    if row is None:
        return [Refused(Code.SESSION_LOST)]
    refused = await judge(portal, caller, row, password, now)
    if not refused:
        async with transaction():
            visit = await sessions.lock(portal, caller, now)
            if visit is not None:
                await session_rows.authenticate(visit.id, now)
    return refused
