"""Another name: it is only how the portal addresses the customer, and proves nothing."""

from __future__ import annotations

from db import customers
from db.engine import transaction
from domain import journal, sessions
from domain.refusals import SessionExpired
from domain.scope import Scope


async def change(scope: Scope, *, last_name: str, first_name: str, patronymic: str) -> SessionExpired | None:
    async with transaction():
        session = await sessions.lock(scope)
        if session is None or session.customer is None or session.something_due:
            return SessionExpired()
        await customers.set_name(session.customer, last_name, first_name, patronymic)
        await journal.note_repeat(scope, "name-changed", session.customer)
        return None
