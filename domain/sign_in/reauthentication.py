"""The password once more, before anything that could lock the owner out or carry their data away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from db import customers
from db.engine import transaction
from domain import sessions
from domain.portal import Portal
from domain.refusals import Code, Lost, Refused
from domain.sessions import Caller, Visit
from domain.sign_in import by_password


async def judge(portal: Portal, caller: Caller, row: dict[str, Any], password: str, now: datetime) -> list[Refused]:
    """Whether `password` is that of the customer's `row`, counted by this session; empty where it is."""
    return await by_password.judge_again(portal, caller, row, password, now)


async def prove(portal: Portal, caller: Caller, password: str, now: datetime) -> Visit | list[Refused] | Lost:
    """Judge the password, counted by this session; where it is right the session is fresh, under another id."""
    customer = await sessions.customer_to_prove(caller, now)
    row = await customers.get(customer) if customer is not None else None
    if row is None:
        return Lost()
    refused = await judge(portal, caller, row, password, now)
    if refused:
        return refused
    async with transaction():
        visit = await sessions.lock_for_proof(portal, caller, now)
        if visit is None or visit.customer is None or visit.password_due:
            return Lost()
        if not await by_password.still_judged(row):
            return [Refused(Code.SIGN_IN_WRONG, "password")]
        proof = f"password\0{password}"
        if visit.former:
            return await sessions.renewed(portal, caller, proof, now) or Lost()
        await sessions.authenticate(visit, now)
        return await sessions.renew(portal, caller, visit, proof, now)
