"""The password once more, before anything that could lock the owner out or carry their data away."""

from __future__ import annotations

from typing import Any

from db import customers
from db.engine import transaction
from domain import sessions
from domain.refusals import Code, Lost, Refused
from domain.scope import Scope
from domain.sessions import Visit
from domain.sign_in import by_password


async def judge(scope: Scope, row: dict[str, Any], password: str) -> list[Refused]:
    """Whether `password` is that of the customer's `row`, counted by this session; empty where it is."""
    return await by_password.judge_again(scope, row, password)


async def prove(scope: Scope, password: str) -> Visit | list[Refused] | Lost:
    """Judge the password, counted by this session; where it is right the session is fresh, under another id."""
    customer = await sessions.customer_to_prove(scope)
    row = await customers.get(customer) if customer is not None else None
    if row is None:
        return Lost()
    refused = await judge(scope, row, password)
    if refused:
        return refused
    async with transaction():
        visit = await sessions.lock_for_proof(scope)
        if visit is None or visit.customer is None or visit.password_due:
            return Lost()
        if not await by_password.still_judged(row):
            return [Refused(Code.SIGN_IN_WRONG, "password")]
        proof = f"password\0{password}"
        if visit.former:
            return await sessions.renewed(scope, proof) or Lost()
        await sessions.authenticate(visit, scope.now)
        return await sessions.renew(scope, visit, proof)
