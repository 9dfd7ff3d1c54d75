"""A flat that was sold: its bills are the new owner's, and the former one is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest
from litestar import Litestar

from db import registry
from db.engine import Engine, bound, run
from domain.portal import Portal, make_portal
from domain.registry.account_losses import tell_losses
from domain.registry.importing import import_rows
from domain.registry.kinds import kinds
from domain.registry.rows import RegistryFileError
from settings import Settings
from tests.browser import BILL, Browser, location, path_of
from tests.conftest import Clock, Posted
from tests.domain.registry.company import Registry

FLAT, OTHER = "7000000111", "7000000118"
PLACES = {FLAT: "г. Светлоречинск, ул. Липовая, д. 3, кв. 1", OTHER: "г. Светлоречинск, ул. Липовая, д. 3, кв. 6"}


async def brought(settings: Settings, clock: Clock, *owners: str, **options: int) -> tuple[int, ...]:
    portal = make_portal(settings)
    known = kinds(portal.sealing, ("RU",), clock().date())["accounts"]
    rows = [(number, place, *owner) for (number, place), owner in zip(PLACES.items(), map(_cell, owners), strict=False)]
    report = await import_rows(bound(), known, enumerate(rows, 2), clock(), allow_removing=options.get("allow", 0))
    await tell_losses(portal, clock())
    return report.changed, report.reowned, report.ended


def _cell(owner: str) -> tuple[str, ...]:
    return () if owner == "no such column" else (owner,)


async def test_the_former_owner_neither_sees_nor_proves_it_and_is_told_once(
    app: Litestar,
    client: Browser,
    another_browser: Callable[..., Browser],
    settings: Settings,
    clock: Clock,
    posted: Callable[[], Awaitable[list[Posted]]],
) -> None:
    await client.register()
    await run("UPDATE customers SET email_confirmed_at = {}", clock())
    waiting = another_browser(ip="203.0.113.2")
    waiting.phone = "8 900 222-33-44"
    await waiting.reach("password")
    for owners in (("O1", "O2"), ("O1", ""), ("no such column",) * 2):
        assert (await brought(settings, clock, *owners))[1:] == (0, 0)
    assert FLAT in (await client.get("/profile")).text

    assert await brought(settings, clock, "O7") == (1, 1, 1)
    for _ in range(2):
        assert await brought(settings, clock, "O7") == (0, 0, 0)
    assert FLAT not in (await client.get("/profile")).text
    told = [p for p in await posted() if p.name == "account-ended"]
    assert [p.values["account_number"] for p in told] == [FLAT]
    assert "У лицевого счета новый владелец" in (await client.get("/profile/security")).text
    # By no bill of the former owner: neither anew nor by a registration that had proved it before.
    assert (await client.post("/profile/accounts/new", BILL)).status_code == 422
    assert location(await waiting.post(path_of("password"), await waiting.form_of("password"))) == path_of("bill")
    assert await run("SELECT id FROM customer_accounts") == []
    month = f"{clock():%Y-%m}"
    await run("UPDATE bills SET period = {} WHERE period = {}", month, BILL["period"])
    assert await registry.find_account_by_bill((FLAT,), month, 123456) is not None


async def test_as_many_new_owners_as_keys_written_in_another_way_are_asked_about(
    engine: Engine, portal: Portal, now: datetime
) -> None:
    brings = Registry(engine, portal, now)
    rows = [(str(number), "ул. Тихая, 5", f"O{number}") for number in range(1, 301)]
    await brings.bring("accounts", *rows)
    rewritten = [(number, place, key.lower()) for number, place, key in rows]
    with pytest.raises(RegistryFileError, match=r"300 of 300 accounts would have another owner.*--allow-removing 300"):
        await brings.bring("accounts", *rewritten)
    assert (await brings.bring("accounts", *rewritten, allow_removing=300)).reowned == 300
    moved = [(str(1000 + int(number)) if int(number) == 7 else number, place, key) for number, place, key in rewritten]
    moved = [(number, f"{place}, кв. {at}", key) for at, (number, place, key) in enumerate(moved)]
    assert (await brings.bring("accounts", *moved, replace=True)).readdressed == 299
    renamed = [("2007" if number == "1007" else number, place, key) for number, place, key in moved]
    assert (await brings.bring("accounts", *renamed, replace=True)).renumbered == 1
