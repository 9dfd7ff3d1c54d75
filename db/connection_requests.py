"""Connection requests: what was asked for, and what has become of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from db.engine import fetch, fetch_one, for_update, places, run
from db.tables import ConnectionRequest

# The largest id of a row: PostgreSQL's driver raises an error for a larger one.
LARGEST = 2**31 - 1


class Change(TypedDict, total=False):
    """What an act makes of a request."""

    state: str
    handled_at: datetime
    last_event: str
    staff: int
    customer: int
    account: int
    phone_hash: str
    reason_sealed: str
    talk_sealed: str


class ListedRequestRow(TypedDict):
    id: int
    created_at: datetime
    handled_at: datetime | None
    state: str
    staff: int | None


class ConnectionRequestRow(ListedRequestRow):
    """`version` grows with each act, of which `last_event` is the last; `phone_hash` is set while the account waits for
    a registration.
    """

    sealed: str
    version: int
    last_event: str
    customer: int | None
    account: int | None
    phone_hash: str
    reason_sealed: str
    talk_sealed: str


class OfferRow(TypedDict):
    """An account that the company has found for a phone, in answer to request `id`."""

    id: int
    account: int
    number: str
    address: str


class OpenRow(TypedDict):
    """Of requests that wait: all, and those older than each of three times."""

    found: int
    first: int
    second: int
    third: int


_LISTED = "SELECT id, created_at, handled_at, state, staff FROM connection_requests"


async def add(sealed: str, now: datetime, customer: int | None = None) -> int:
    rows = await ConnectionRequest.insert(
        ConnectionRequest(created_at=now, sealed=sealed, customer=customer)
    ).returning(ConnectionRequest.id)
    return int(rows[0]["id"])


async def listed() -> Sequence[ListedRequestRow]:
    """Every request, oldest first."""
    return await fetch(ListedRequestRow, f"{_LISTED} ORDER BY id")


async def in_state(state: str, after: int, most: int) -> Sequence[ListedRequestRow]:
    """The oldest requests in this state behind number `after`."""
    return await fetch(
        ListedRequestRow, f"{_LISTED} WHERE state = {{}} AND id > {{}} ORDER BY id LIMIT {{}}", state, after, most
    )


async def get(number: int, *, locked: bool = False) -> ConnectionRequestRow | None:
    if not 0 < number <= LARGEST:
        return None
    return await fetch_one(
        ConnectionRequestRow,
        "SELECT id, created_at, handled_at, state, staff, sealed, version, last_event, customer, account, phone_hash,"
        " reason_sealed, talk_sealed FROM connection_requests WHERE id = {}" + (for_update() if locked else ""),
        number,
    )


async def change(number: int, version: int, values: Change) -> bool:
    """Save what an act has made of the request; False where it is no longer in this version."""
    columns = ", ".join(f"{name} = {{}}" for name in values)
    rows = await run(
        f"UPDATE connection_requests SET {columns}, version = version + 1 WHERE id = {{}} AND version = {{}}"
        " RETURNING id",
        *values.values(), number, version,
    )  # fmt: skip
    return bool(rows)


async def mark_handled(number: int, now: datetime) -> None:
    """Mark it as done; the time of the first decision stays."""
    await run(
        "UPDATE connection_requests SET handled_at = {}, state = 'done', version = version + 1"
        " WHERE id = {} AND handled_at IS NULL",
        now, number,
    )  # fmt: skip


async def offers(phone_hashes: tuple[str, ...], since: datetime) -> Sequence[OfferRow]:
    """The accounts that wait for a registration by this phone, decided since then."""
    return await fetch(
        OfferRow,
        "SELECT r.id, accounts.id AS account, accounts.number, accounts.address FROM connection_requests r"
        f" JOIN accounts ON accounts.id = r.account WHERE r.phone_hash IN ({places(phone_hashes)})"
        " AND r.phone_hash <> '' AND r.handled_at >= {} AND accounts.absent_since IS NULL ORDER BY r.id",
        *phone_hashes, since,
    )  # fmt: skip


async def end_offers(phone_hashes: tuple[str, ...]) -> None:
    """The phone has a customer now."""
    await ConnectionRequest.update({ConnectionRequest.phone_hash: ""}).where(
        ConnectionRequest.phone_hash.is_in(list(phone_hashes)) & (ConnectionRequest.phone_hash != "")
    )


async def open_by_age(states: Sequence[str], first: datetime, second: datetime, third: datetime, most: int) -> OpenRow:
    """How many requests are in these states, and how many were made before each time; `most` are looked at."""
    row = await fetch_one(
        OpenRow,
        "SELECT COUNT(*) AS found, COUNT(CASE WHEN created_at <= {} THEN 1 END) AS first,"
        " COUNT(CASE WHEN created_at <= {} THEN 1 END) AS second, COUNT(CASE WHEN created_at <= {} THEN 1 END) AS third"
        f" FROM (SELECT created_at FROM connection_requests WHERE state IN ({places(states)}) LIMIT {{}}) AS waiting",
        first, second, third, *states, most,
    )  # fmt: skip
    assert row is not None
    return row
