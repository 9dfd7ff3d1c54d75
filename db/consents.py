"""Consents to the processing of personal data; they are only ever added, and get their customer once there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db.engine import run
from db.tables import Consent


async def add(values: dict[str, Any]) -> int:
    rows = await Consent.insert(Consent(**values)).returning(Consent.id)
    return int(rows[0]["id"])


async def give_to(consent: int, customer: int) -> None:
    """Whoever gave it has become this customer."""
    await run("UPDATE consents SET customer = {} WHERE id = {}", customer, consent)


async def of_customer(customer: int) -> Sequence[dict[str, Any]]:
    return await run(
        "SELECT text_version, text_hash, given_at, ip FROM consents WHERE customer = {} ORDER BY id", customer
    )
