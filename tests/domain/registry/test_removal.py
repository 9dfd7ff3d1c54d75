"""What `--replace` may take away, from whom, and how it comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from db import cards, consents, customers, journal
from db.consents import NewConsent
from db.engine import run
from db.registry import account, accounts_of, find_account_by_bill
from domain.housekeeping import sweep
from domain.portal import Portal
from domain.registry.account_losses import tell_losses
from domain.registry.rows import RegistryFileError
from tests.conftest import Posted
from tests.domain.registry.company import PERSON, Registry, content

OTHER = ("+79000000002", *PERSON[1:])
ALL = (("1", "ул. Тихая, 1"), ("2", "ул. Тихая, 2"), ("3", "ул. Тихая, 3"))
Acts = Callable[[int, datetime], Awaitable[Any]]


async def _consent(customer: int, now: datetime) -> None:
    given: NewConsent = {
        "customer": customer, "phone_hash": "", "text_version": "1", "text_hash": "", "given_at": now, "ip": "",
    }  # fmt: skip
    await consents.add(given)


async def _spent_sms_password(customer: int, now: datetime) -> None:
    await customers.set_sms_password(customer, "hash", now + timedelta(hours=72))
    assert await customers.spend_sms_password(customer, "hash")


PROOFS: dict[str, Acts] = {
    "a password of their own": lambda customer, _: customers.set_password(customer, "hash"),
    "a password by SMS": lambda customer, now: customers.set_sms_password(customer, "hash", now),
    "a password by SMS that is spent": _spent_sms_password,
    "a login": lambda customer, _: run("UPDATE customers SET login_hash = 'h' WHERE id = {}", customer),
    "a holder of cards": lambda customer, now: cards.attach_holder(customer, "H1", now),
    "a consent": _consent,
    "no import at all": lambda customer, _: run("UPDATE customers SET imported = false WHERE id = {}", customer),
}


async def customer_of(phone: str, registry: Registry) -> dict[str, Any]:
    rows = await run("SELECT * FROM customers WHERE phone_hash = {}", registry.sealing.keyed_hash("phone", phone))
    return rows[0]


@pytest.mark.parametrize("proof", PROOFS)
async def test_who_has_proved_themselves_is_never_removed_or_changed(
    registry: Registry, now: datetime, proof: str
) -> None:
    await registry.bring("customers", PERSON, OTHER)
    customer = await customer_of(PERSON[0], registry)
    await PROOFS[proof](customer["id"], now)
    before = await customer_of(PERSON[0], registry)
    report = await registry.bring("customers", OTHER, replace=True, allow_removing=2)
    assert report.removed == 0
    await registry.bring("customers", (PERSON[0], "Ли", "Анна", "", "", "li@example.org", ""), OTHER, replace=True)
    assert await customer_of(PERSON[0], registry) == before
    assert len(await accounts_of(customer["id"])) == 2


async def test_who_came_by_import_and_did_nothing_is_removed(registry: Registry) -> None:
    await registry.bring("customers", PERSON, OTHER)
    assert (await registry.bring("customers", OTHER, replace=True)).removed == 1
    assert [row["phone_hash"] for row in await content("customers")] == [registry.sealing.keyed_hash("phone", OTHER[0])]


async def test_a_customer_who_registered_stays_one_when_a_file_brings_the_phone(
    registry: Registry, now: datetime
) -> None:
    phone_hash = registry.sealing.keyed_hash("phone", PERSON[0])
    await customers.add({"phone_hash": phone_hash, "phone_sealed": "", "login": "tk1", "registered_at": now})
    await registry.bring("customers", PERSON)
    assert not (await customer_of(PERSON[0], registry))["imported"]
    await registry.bring("customers", OTHER, replace=True, allow_removing=5)
    assert await customer_of(PERSON[0], registry)


# --- Accounts that are absent for a while ---


async def test_an_account_that_comes_back_is_attached_as_before(registry: Registry) -> None:
    await registry.bring("bills", ("1", "2026-08", "5"), ("2", "2026-08", "5"))
    await registry.bring("customers", PERSON)
    (customer,) = await content("customers")
    before = await content("customer_accounts")
    await registry.bring("accounts", ALL[0], ALL[2], replace=True)
    gone = (await content("accounts"))[1]["id"]
    assert [row["number"] for row in await accounts_of(customer["id"])] == ["1"]
    assert await account(gone) is None
    assert await find_account_by_bill(("2",), "2026-08", 500) is None
    report = await registry.bring("bills", ("2", "2026-09", "5"))
    assert [(row.column, row.reason) for row in report.bad] == [("account_number", "no such account")]
    assert await registry.counts("accounts", *ALL, replace=True) == (1, 0, 2, 0, 0)
    assert [row["number"] for row in await accounts_of(customer["id"])] == ["1", "2"]
    assert await content("customer_accounts") == before
    assert await find_account_by_bill(("2",), "2026-08", 500) is not None


async def test_an_account_comes_back_with_the_address_of_the_file(registry: Registry) -> None:
    await registry.bring("accounts", *ALL[:2], replace=True)
    await registry.bring("accounts", ("3", "пер. Новый, 3"))
    assert (await content("accounts"))[2]["address"] == "пер. Новый, 3"
    assert (await content("accounts"))[2]["absent_since"] is None


async def test_a_customer_who_loses_an_account_is_told_once_and_finds_it_in_the_journal(
    registry: Registry, portal: Portal, now: datetime, posted: Callable[[], Awaitable[list[Posted]]]
) -> None:
    await registry.bring("customers", PERSON, OTHER)
    first, second = await content("customers")
    await customers.confirm_email(first["id"], now)
    await registry.bring("accounts", ALL[0], ALL[2], replace=True)
    for _ in range(2):
        await tell_losses(portal, now)
    (message,) = await posted()
    assert (message.name, message.to) == ("account-lost", "Kim@example.org")
    assert message.values == {"first_name": "Вера", "account_number": "2", "address": "ул. Тихая, 2"}
    for customer in (first, second):
        assert [entry["event"] for entry in await journal.of_customer(customer["id"], 9)] == ["account-lost"]
    await registry.bring("accounts", *ALL)
    events = [entry["event"] for entry in await journal.of_customer(first["id"], 9)]
    assert events == ["account-returned", "account-lost"]


async def test_housekeeping_tells_whom_a_killed_import_has_not(
    registry: Registry, portal: Portal, now: datetime
) -> None:
    await registry.bring("customers", PERSON)
    await registry.bring("accounts", ALL[0], ALL[2], replace=True)
    await sweep(portal, now)
    assert [row["event"] for row in await content("journal")] == ["account-lost"]


async def test_a_loss_that_nobody_was_told_of_and_its_return_go_unsaid(
    registry: Registry, portal: Portal, now: datetime
) -> None:
    await registry.bring("customers", PERSON)
    await registry.bring("accounts", ALL[0], ALL[2], replace=True)
    await registry.bring("accounts", *ALL)
    await tell_losses(portal, now)
    assert await content("journal") == []


async def test_an_absent_account_of_nobody_is_forgotten_in_time(
    registry: Registry, portal: Portal, now: datetime
) -> None:
    await registry.bring("bills", ("3", "2026-08", "5"))
    await registry.bring("customers", PERSON)
    await registry.bring("accounts", ALL[0], replace=True, allow_removing=2)
    await sweep(portal, now + timedelta(days=29))
    assert len(await content("accounts")) == 3
    await sweep(portal, now + timedelta(days=31))
    assert [row["number"] for row in await content("accounts")] == ["1", "2"]
    assert await content("bills") == []


# --- How much may go ---

PLENTY = 300


def _rows(kind: str, count: int) -> list[tuple[str, ...]]:
    match kind:
        case "accounts":
            return [(str(number), "ул. Тихая") for number in range(count)]
        case "bills":
            return [
                (str(1 + number % 3), f"{1990 + number // 36}-{1 + number // 3 % 12:02d}", "5")
                for number in range(count)
            ]
        case "cards":
            return [(f"96439000{n:08d}", f"H{n}", f"tk{n}", "a@example.org", "+79000000001") for n in range(count)]
        case _:
            return [(f"+7900{n:07d}", "Ким", "Вера", "", "", "", "") for n in range(count)]


@pytest.mark.parametrize("kind", ["accounts", "bills", "cards", "customers"])
async def test_more_than_a_hundredth_goes_only_by_its_number(registry: Registry, kind: str) -> None:
    await registry.bring(kind, *_rows(kind, PLENTY))
    cut = _rows(kind, PLENTY - 4)
    said = f"--replace would remove 4 of {PLENTY} {kind}: is the file whole\\? If it is, say --allow-removing 4"
    for allowed in (0, 3):
        with pytest.raises(RegistryFileError, match=said):
            await registry.bring(kind, *cut, replace=True, allow_removing=allowed)
        assert len(await content(kind)) == PLENTY
    report = await registry.bring(kind, *cut, replace=True, dry_run=True)
    assert (report.done, report.removed, report.present, report.removable) == (True, 4, PLENTY, 3)
    assert (await registry.bring(kind, *_rows(kind, PLENTY - 3), replace=True)).removed == 3
    assert (await registry.bring(kind, *_rows(kind, 10), replace=True, allow_removing=287)).removed == 287


async def test_a_single_row_of_few_may_go(registry: Registry) -> None:
    assert (await registry.bring("accounts", *ALL[:2], replace=True)).removed == 1
    with pytest.raises(RegistryFileError, match="remove 2 of 2 accounts"):
        await registry.bring("accounts", ("7", "ул. Тихая, 7"), replace=True)


async def test_more_than_a_hundredth_of_the_attached_accounts_goes_only_by_its_number(registry: Registry) -> None:
    """A file whose last column was lost removes no customer, and takes every account from its own."""
    whole = [(f"+7900{n:07d}", "Ким", "Вера", "", "", "", "1|2") for n in range(150)]
    await registry.bring("customers", *whole)
    cut = [(*row[:6], "1" if n < 4 else "1|2") for n, row in enumerate(whole)]
    before = await content("customer_accounts")
    said = "take 4 of 300 attached accounts from their customers: is the file whole\\? If it is, say --allow-removing 4"
    for allowed in (0, 3):
        with pytest.raises(RegistryFileError, match=said):
            await registry.bring("customers", *cut, replace=True, allow_removing=allowed)
        assert await content("customer_accounts") == before
    report = await registry.bring("customers", *cut, replace=True, dry_run=True)
    assert (report.done, report.removed, report.attachments, report.to_be_allowed) == (True, 0, 4, 4)
    assert (await registry.bring("customers", *cut[1:4], *whole[:1], *whole[4:], replace=True)).attachments == 3
    assert (await registry.bring("customers", *cut, replace=True)).attachments == 1
    none = [(*row[:6], "") for row in whole]
    assert (await registry.bring("customers", *none, replace=True, allow_removing=296)).attachments == 296
