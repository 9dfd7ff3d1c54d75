"""Accounts that the company has found for a phone, in answer to a connection request, before it had a customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from db import connection_requests
from db.connection_requests import OfferRow
from domain.journey import take_step
from domain.proofs.bill_proof import Bill
from domain.refusals import WrongStep
from domain.registration.by_account import NotNow
from domain.registration.progress import REGISTRATION, BillSearch, Registration
from domain.scope import Scope
from domain.sessions import Session

# A number may be somebody else's after months.
LIFETIME = timedelta(days=60)


async def of(scope: Scope, progress: Registration) -> Sequence[OfferRow]:
    """What the confirmed phone may take without a bill."""
    if progress.phone is None or progress.code is None:
        return []
    return await connection_requests.offers(scope.phone_hashes(progress.number), scope.now - LIFETIME)


async def accept(scope: Scope, account: int) -> Session | NotNow:
    """The account is proved by what the staff have decided; its address is confirmed as after a bill."""

    async def take(session: Session, progress: Registration) -> Session | WrongStep:
        offer = next((one for one in await of(scope, progress) if one["account"] == account), None)
        if offer is None:
            return WrongStep()
        search = BillSearch(Bill("", offer["number"], 0), account)
        return await REGISTRATION.save(scope, session, REGISTRATION.redo(progress, "bill", search))

    return await take_step(scope, REGISTRATION, "bill", take)
