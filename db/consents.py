"""Consents to the processing of personal data; they are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db.engine import run
from db.tables import Consent


async def add(values: dict[str, Any]) -> None:
    await Consent.insert(Consent(**values))


async def of_customer(customer: int) -> Sequence[dict[str, Any]]:
    return await run(
        "SELECT text_version, text_hash, given_at, ip FROM consents WHERE customer = {} ORDER BY id", customer
    )
