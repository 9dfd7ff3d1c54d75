"""Accounts that a customer adds to the profile and removes from it."""

from __future__ import annotations

from dataclasses import dataclass

from db import customers, registry
from db.engine import transaction
from db.registry import AttachedAccountRow
from domain import journal, throttles
from domain.delivery import outbox
from domain.delivery.messages import AccountShared
from domain.journey import Audience, Branch, Journey, Step, take_step
from domain.proofs import bill_proof
from domain.proofs.bill_proof import Bill, FurtherProof
from domain.refusals import Code, PasswordNeeded, Refused, SessionExpired, WrongStep
from domain.scope import Scope
from domain.sessions import Session
from domain.throttles import DAY, Limit


@dataclass(frozen=True)
class SentRequest:
    """A connection request: its number, and where the answer goes."""

    number: int
    email: str


@dataclass(frozen=True)
class Addition:
    """One step: the bill proves the account. `not_found` is one that did not, `request` what was sent about it."""

    bill: None = None
    not_found: Bill | None = None
    request: SentRequest | None = None


ACCOUNT_ADDITION = Journey(
    "account-addition",
    Addition,
    (Step("bill"),),
    {"connection": Branch("bill", lambda progress: progress.not_found is not None)},
    Audience.CUSTOMERS,
)


async def attach(
    scope: Scope, bill: Bill, further: FurtherProof | None = None
) -> list[Refused] | SessionExpired | WrongStep | PasswordNeeded | None:
    """Add the account that has this bill. Its other customers, if any, are told."""

    async def add(session: Session, progress: Addition) -> list[Refused] | SessionExpired | None:
        row = await customers.get(session.customer) if session.customer is not None else None
        if row is None:
            return SessionExpired()
        account = await bill_proof.find_account(scope, scope.unseal(row["phone_sealed"]), bill, further)
        if isinstance(account, list):
            if progress.not_found != bill:
                await ACCOUNT_ADDITION.save(scope, session, Addition(not_found=bill))
            return account
        await ACCOUNT_ADDITION.save(scope, session, Addition())
        if not await customers.attach_account(row["id"], account["id"], scope.now):
            return [Refused(Code.ALREADY_ATTACHED, "account_number")]
        await journal.note(scope, "account-attached", row["id"])
        await tell_others(scope, row["id"], account["id"])
        return None

    return await take_step(scope, ACCOUNT_ADDITION, "bill", add)


async def detach(scope: Scope, customer: int, account: int) -> None:
    """Remove it from the profile; nothing happens where it is not attached."""
    async with transaction():
        if await customers.detach_account(customer, account):
            await journal.note(scope, "account-detached", customer)


async def own(customer: int, account: int) -> AttachedAccountRow | None:
    """The account, if it is attached to this customer."""
    return next((row for row in await registry.accounts_of(customer) if row["id"] == account), None)


async def tell_others(scope: Scope, newcomer: int, account: int) -> None:
    """Tell the other customers of an account by e-mail; the newcomer sees it in the profile.

    Only to confirmed addresses, because the e-mail names the account; once a day for each newcomer, however often the
    account is removed and added again. Part of the caller's transaction.
    """
    known = await registry.account(account)
    others = [sharer for sharer in await customers.of_account(account) if sharer["id"] != newcomer]
    told = [sharer for sharer in others if sharer["email_confirmed_at"] is not None]
    if known is None or not told or await throttles.claim(scope, [limit_of_telling(newcomer, account)]) is not None:
        return
    for sharer in told:
        message = AccountShared(sharer["first_name"], known["number"], known["address"])
        await outbox.post(scope, message, scope.unseal(sharer["email_sealed"]), customer=sharer["id"])


def limit_of_telling(newcomer: int, account: int) -> Limit:
    return Limit("account-shared", f"{newcomer}\0{account}", 1, DAY)
