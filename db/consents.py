"""Consents to the processing of personal data; rows are only added, and get their customer when there is one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from db.engine import fetch, fetch_one, run
from db.tables import Consent, ConsentWithdrawal


class NewConsent(TypedDict):
    customer: int | None
    phone_hash: str
    text_version: str
    text_hash: str
    given_at: datetime
    ip: str


class ConsentRow(TypedDict):
    text_version: str
    text_hash: str
    given_at: datetime
    ip: str


class DueRow(TypedDict):
    """How often a customer has consented, and how often to one text."""

    given: int
    to_text: int


async def add(values: NewConsent) -> int:
    rows = await Consent.insert(Consent(**values)).returning(Consent.id)
    return int(rows[0]["id"])


async def give_to(consent: int, customer: int) -> None:
    """The person who gave it has become this customer."""
    await Consent.update({Consent.customer: customer}).where(Consent.id == consent)


async def of_customer(customer: int) -> Sequence[ConsentRow]:
    return await fetch(
        ConsentRow,
        "SELECT text_version, text_hash, given_at, ip FROM consents WHERE customer = {} ORDER BY id",
        customer,
    )


async def is_due(customer: int, text_hash: str) -> bool:
    """Whether this customer has consented, but to other texts only."""
    row = await fetch_one(
        DueRow,
        "SELECT COUNT(*) AS given, COUNT(CASE WHEN text_hash = {} THEN 1 END) AS to_text"
        " FROM consents WHERE customer = {}",
        text_hash, customer,
    )  # fmt: skip
    return row is not None and row["given"] > 0 and row["to_text"] == 0


async def keep_text(kind: str, version: str, sha256: str, text: str, now: datetime) -> None:
    """Only the first time: the row of a text that is known stays as it is."""
    if await run("SELECT 1 FROM legal_texts WHERE kind = {} AND sha256 = {}", kind, sha256):
        return
    await run(
        "INSERT INTO legal_texts (kind, version, sha256, text, first_shown_at) VALUES ({}, {}, {}, {}, {})"
        " ON CONFLICT (kind, sha256) DO NOTHING",
        kind, version, sha256, text, now,
    )  # fmt: skip


async def add_withdrawal(phone_hash: str, versions: str, now: datetime) -> None:
    await ConsentWithdrawal.insert(ConsentWithdrawal(phone_hash=phone_hash, versions=versions, withdrawn_at=now))
