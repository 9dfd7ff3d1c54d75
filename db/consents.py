"""Consents to the processing of personal data; rows are only added, and get their customer when there is one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from db.engine import fetch
from db.tables import Consent


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
