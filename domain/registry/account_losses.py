"""Customers whose account an import has taken away are told, and find it in their journal."""

from __future__ import annotations

from datetime import datetime

from db import customers
from db.engine import transaction
from domain import journal
from domain.delivery import outbox
from domain.delivery.messages import AccountLost
from domain.portal import Portal
from domain.scope import NOBODY, Scope

_PORTION = 100


async def tell_losses(portal: Portal, now: datetime) -> None:
    """Each once, however often this is called: by the import itself, and by housekeeping after one that was killed."""
    while await _tell_some(portal, now):
        pass


async def _tell_some(portal: Portal, now: datetime) -> bool:
    scope = Scope(portal, NOBODY, now)
    async with transaction():
        losses = await customers.take_losses(_PORTION)
        for lost in losses:
            await journal.note(scope, "account-lost", lost["customer"])
            # Only confirmed addresses: the e-mail names the account.
            if lost["email_confirmed_at"] is not None:
                message = AccountLost(lost["first_name"], lost["number"], lost["address"])
                await outbox.post(scope, message, scope.unseal(lost["email_sealed"]))
    return bool(losses)
