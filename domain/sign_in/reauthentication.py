"""The password typed again, before a change that could shut the owner out or an export of their data."""

from __future__ import annotations

from db import customers
from db.engine import transaction
from domain import sessions
from domain.refusals import Code, Refused, SessionExpired
from domain.scope import Scope
from domain.sessions import Session
from domain.sign_in import by_password


async def prove(scope: Scope, password: str) -> Session | list[Refused] | SessionExpired:
    """Judge the password, counted for this session; if it is right, the session is renewed under another id."""
    customer = await sessions.customer_to_reauthenticate(scope)
    row = await customers.get(customer) if customer is not None else None
    if row is None:
        return SessionExpired()
    refused = await by_password.judge_again(scope, row, password)
    if refused:
        return refused
    async with transaction():
        session = await sessions.lock_for_proof(scope)
        if session is None or session.customer is None or session.something_due:
            return SessionExpired()
        if not await by_password.credentials_unchanged(row):
            return [Refused(Code.PASSWORD_WRONG, "password")]
        proof = f"password\0{password}"
        if session.former:
            return await sessions.find_renewed(scope, proof) or SessionExpired()
        await sessions.authenticate(session, scope.now)
        return await sessions.renew(scope, session, proof)
