"""«Скачать мои данные» and «Удалить личный кабинет»."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from db import cards, consents, customers, registry
from db import journal as entries
from db import sessions as session_rows
from db.customers import CustomerRow
from db.engine import transaction
from domain import consents as ledger
from domain import journal, sessions
from domain.delivery import outbox
from domain.delivery.messages import CabinetDeleted
from domain.refusals import Code, Refused, SessionExpired
from domain.scope import Scope
from domain.sign_in import by_password


async def export(scope: Scope, customer: int) -> dict[str, Any] | SessionExpired:
    """Everything the portal knows of a customer, as JSON can say it; amounts in kopecks, times ISO.

    The export itself is noted in the journal, and appears in the file from the next time on. The customer is locked
    meanwhile, so that the cabinet cannot be deleted.
    """
    async with transaction():
        if await customers.lock(customer) is None:
            return SessionExpired()
        data = await _collected(scope, customer)
        await journal.note(scope, "data-exported", customer)
        return data


async def _collected(scope: Scope, customer: int) -> dict[str, Any]:
    row = await customers.get(customer)
    assert row is not None
    unseal = scope.unseal
    bound_cards = await cards.of_customer(customer, scope.phone_hashes(unseal(row["phone_sealed"])))
    accounts = await registry.accounts_of(customer)
    bills = await registry.bills_of([a["id"] for a in accounts], ["0000-00", "9999-12"])
    return {
        "exported_at": scope.now.isoformat(),
        "person": {
            "last_name": row["last_name"],
            "first_name": row["first_name"],
            "patronymic": row["patronymic"],
            "birth_date": row["birth_date"].isoformat() if row["birth_date"] else None,
            "phone": unseal(row["phone_sealed"]),
            "email": unseal(row["email_sealed"]) if row["email_sealed"] else None,
            "email_confirmed_at": _iso(row["email_confirmed_at"]),
            "login": row["login"] or None,
            "registered_at": _iso(row["registered_at"]),
        },
        "accounts": [
            {
                "number": account["number"],
                "address": account["address"],
                "bills": [
                    {"period": bill["period"], "amount_kopecks": bill["amount_kopecks"]}
                    for bill in bills
                    if bill["account"] == account["id"]
                ],
            }
            for account in accounts
        ],
        # Missing in the company's registry now; an import may bring them back.
        "absent_accounts": [_printable(account) for account in await registry.absent_accounts_of(customer)],
        "cards": [card["last_four"] for card in bound_cards],
        "consents": [_printable(consent) for consent in await consents.of_customer(customer)],
        "sessions": [
            _printable({name: value for name, value in device.items() if name != "id"})
            for device in await session_rows.of_customer(customer, scope.now)
        ],
        "journal": [_printable(entry) for entry in await entries.of_customer(customer, 10_000)],
    }


async def delete(scope: Scope, password: str) -> list[Refused] | SessionExpired | None:
    """Remove the customer with all that refers to them, if `password` is theirs.

    What the law requires stays: the consents (152-FZ, article 9, part 3) and the journal, without a name, a phone or
    an e-mail.
    """
    session = await sessions.resume(scope)
    row = await customers.get(session.customer) if session is not None and session.customer is not None else None
    if session is None or row is None or session.something_due:
        return SessionExpired()
    return await _leave(scope, row, password)


async def withdraw(scope: Scope, password: str) -> list[Refused] | SessionExpired | None:
    """Withdraw the consent, with which the cabinet ends; also for a customer who is asked for one to a new text."""
    session = await sessions.resume(scope)
    row = await customers.get(session.customer) if session is not None and session.customer is not None else None
    if session is None or row is None or session.password_due:
        return SessionExpired()
    return await _leave(scope, row, password, withdrawn=True)


async def _leave(
    scope: Scope, row: CustomerRow, password: str, *, withdrawn: bool = False
) -> list[Refused] | SessionExpired | None:
    refused = await by_password.judge_again(scope, row, password)
    if refused:
        return refused
    async with transaction():
        if await sessions.lock(scope) is None:
            return SessionExpired()
        if not await by_password.credentials_unchanged(row):
            return [Refused(Code.PASSWORD_WRONG, "password")]
        if withdrawn:
            await ledger.withdraw(scope, row["id"], row["phone_sealed"])
        await journal.note(scope, "deleted", row["id"])
        await remove(scope, row, scope.client.language)
        return None


async def remove(scope: Scope, row: CustomerRow, language: str = "ru") -> None:
    """Part of the caller's transaction, which has noted who deletes. The customer is told by e-mail."""
    if row["email_sealed"]:
        await outbox.post(scope, CabinetDeleted(row["first_name"]), scope.unseal(row["email_sealed"]), language)
    await cards.forget_links_of(row["id"])
    await customers.delete(row["id"])


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _printable(row: Mapping[str, object]) -> dict[str, object]:
    return {name: _iso(value) if isinstance(value, datetime) else value for name, value in row.items()}
