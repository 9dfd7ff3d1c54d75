"""The ledger of consents: each text that customers were shown, and who consented to which of them.

A text is another one as soon as its hash is. A customer who consented to an earlier text is asked for the present one
at the next sign-in. Whoever came from the company's registry without a consent here is not: theirs is the company's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db import consents, customers
from db import sessions as session_rows
from db.engine import transaction
from domain import journal, sessions
from domain.refusals import SessionExpired
from domain.scope import Scope
from domain.sessions import Session


@dataclass(frozen=True)
class ConsentText:
    """The text that the customer consented to."""

    version: str
    sha256: str


@dataclass(frozen=True)
class LegalText:
    """A text as customers read it, in Russian; `sha256` is that of `text`."""

    kind: str
    version: str
    sha256: str
    text: str


async def keep_texts(texts: Sequence[LegalText], now: datetime) -> None:
    """Add those that are new to the ledger. The portal shows them from now on."""
    for text in texts:
        await consents.keep_text(text.kind, text.version, text.sha256, text.text, now)


async def give(scope: Scope, text: ConsentText) -> Session | SessionExpired:
    """The consent of a customer who was asked at the sign-in; a second press changes nothing."""
    async with transaction():
        session = await sessions.lock(scope)
        row = await customers.get(session.customer) if session is not None and session.customer is not None else None
        if session is None or row is None or session.password_due:
            return SessionExpired()
        if session.consent_due:
            await consents.add(
                {
                    "customer": row["id"],
                    "phone_hash": scope.phone_hash(scope.unseal(row["phone_sealed"])),
                    "text_version": text.version,
                    "text_hash": text.sha256,
                    "given_at": scope.now,
                    "ip": scope.client.ip,
                }
            )
            await session_rows.note_consent(row["id"])
            await journal.note(scope, "consent-given", row["id"])
            session.consent_due = False
        return session


async def withdraw(scope: Scope, customer: int, phone_sealed: str) -> None:
    """Part of the transaction that deletes the cabinet: what is kept is without name and number."""
    versions = dict.fromkeys(given["text_version"] for given in await consents.of_customer(customer))
    phone_hash = scope.phone_hash(scope.unseal(phone_sealed))
    await consents.add_withdrawal(phone_hash, ", ".join(versions), scope.now)
    await journal.note(scope, "consent-withdrawn", customer)
