"""Customers who have lost an account by an import are told, and find it in their journal.

The company has no such account any more, or it has another owner.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from db import customers
from db.customers import LossRow
from db.engine import transaction
from domain import journal
from domain.delivery import outbox
from domain.delivery.messages import AccountEnded, AccountLost
from domain.portal import Portal
from domain.scope import NOBODY, Scope

_PORTION = 100


async def tell_losses(portal: Portal, now: datetime) -> None:
    """Each once, however often this is called: by the import itself, and by housekeeping after one that was killed."""
    scope = Scope(portal, NOBODY, now)
    while await _tell_some(scope, customers.take_losses, AccountLost):
        pass
    while await _tell_some(scope, customers.take_ends, AccountEnded):
        pass


async def _tell_some(
    scope: Scope,
    take: Callable[[int], Awaitable[Sequence[LossRow]]],
    message: type[AccountLost | AccountEnded],
) -> bool:
    async with transaction():
        losses = await take(_PORTION)
        for lost in losses:
            if message is AccountLost:
                await journal.note(scope, "account-lost", lost["customer"])
            else:
                await journal.note(scope, "account-ended", lost["customer"])
            # Only confirmed addresses: the e-mail names the account.
            if lost["email_confirmed_at"] is not None:
                told = message(lost["first_name"], lost["number"], lost["address"])
                await outbox.post(scope, told, scope.unseal(lost["email_sealed"]), customer=lost["customer"])
    return bool(losses)
