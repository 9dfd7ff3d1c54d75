"""What an import leaves in the database, on both of them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from db.engine import run
from db.registry import accounts_of
from domain.registry import demo_company
from domain.registry.importing import REPORTED, Report
from domain.registry.kinds import KINDS
from domain.registry.rows import BadRow, RegistryFileError
from tests.domain.registry.company import PERSON, Registry, content


async def present() -> list[str]:
    return [row["number"] for row in await content("accounts") if row["absent_since"] is None]


async def bills() -> list[tuple[str, str, int]]:
    rows = await run(
        "SELECT number, period, amount_kopecks FROM bills JOIN accounts ON accounts.id = account"
        " ORDER BY number, period"
    )
    return [tuple(row.values()) for row in rows]


def told(report: Report) -> list[tuple[int, str, str]]:
    return [(row.line, row.column, row.reason) for row in report.bad]


async def test_rows_are_added_changed_left_and_removed(registry: Registry) -> None:
    first = (("1", "2026-08", "10"), ("1", "09.2026", "1 234,56"), ("2", "2026-09", "0.5"))
    assert await registry.counts("bills", *first) == (3, 0, 0, 0, 0)
    assert await registry.counts("bills", *first) == (0, 0, 3, 0, 0)
    assert await bills() == [("1", "2026-08", 1000), ("1", "2026-09", 123456), ("2", "2026-09", 50)]
    assert await registry.counts("bills", ("1", "2026-08", "10,01"), ("3", "2026-08", "7")) == (1, 1, 0, 0, 0)
    last = (("1", "2026-08", "10,01"), ("2", "2026-09", "0"))
    assert await registry.counts("bills", *last, replace=True, allow_removing=2) == (0, 1, 1, 2, 0)
    assert await bills() == [("1", "2026-08", 1001), ("2", "2026-09", 0)]


async def test_a_dry_run_tells_the_same_and_changes_nothing(registry: Registry) -> None:
    before = await content("accounts")
    rows = (("1", "ул. Тихая, 1"), ("2", "пер. Новый"), ("9", "ул. Тихая, 9"))
    assert await registry.counts("accounts", *rows, replace=True, dry_run=True) == (1, 1, 1, 1, 0)
    assert await content("accounts") == before
    assert await registry.counts("accounts", *rows, replace=True) == (1, 1, 1, 1, 0)
    left = [row["address"] for row in await content("accounts") if row["absent_since"] is None]
    assert left == ["ул. Тихая, 1", "пер. Новый", "ул. Тихая, 9"]


async def test_repeating_an_import_spends_no_identities(registry: Registry) -> None:
    for _ in range(3):
        await registry.bring("accounts", ("1", "a"), ("2", "b"))
    await registry.bring("accounts", ("4", "d"))
    assert [row["id"] for row in await content("accounts")] == [1, 2, 3, 4]


async def test_a_bad_row_in_the_middle_changes_nothing(registry: Registry) -> None:
    rows: list[tuple[str, ...]] = [(str(number), "2026-08", "5") for number in (1, 2, 3)]
    rows.insert(2, ("2", "2026-13", "5"))
    report = await registry.bring("bills", *rows)
    assert not report.done
    assert told(report) == [(4, "period", "is not a month such as 2026-09 or 09.2026")]
    assert await bills() == []
    assert await registry.counts("bills", *rows, skip_bad=True) == (3, 0, 0, 0, 1)


async def test_a_key_that_stands_twice(registry: Registry) -> None:
    same = ("1", "2026-08", "5")
    assert await registry.counts("bills", same, ("1", "08.2026", "5,00"), same) == (1, 0, 0, 0, 0)
    report = await registry.bring("bills", same, ("2", "2026-08", "1"), ("1", "2026-08", "6"))
    assert told(report) == [(4, "account_number and period", "stands on line 2 with other values")]
    assert await registry.counts("bills", ("2", "2026-08", "1"), ("2", "2026-08", "9"), skip_bad=True) == (
        1,
        0,
        0,
        0,
        1,
    )
    assert await bills() == [("1", "2026-08", 500), ("2", "2026-08", 100)]
    twice = (PERSON, (*PERSON[:5], "kim@example.org", "2|1|1"))
    assert await registry.counts("customers", *twice) == (1, 0, 0, 0, 0)
    assert not (await registry.bring("customers", PERSON, (*PERSON[:6], "3"))).done


async def test_all_kinds_of_bad_rows_are_told_together_in_order_and_no_more_than_a_screenful(
    registry: Registry,
) -> None:
    report = await registry.bring(
        "bills", ("77", "2026-08", "5"), ("1", "2026-08", "5"), ("1", "2026-08", "6"), ("1", "", "5")
    )
    assert [(line, column) for line, column, _ in told(report)] == [
        (2, "account_number"), (4, "account_number and period"), (5, "period"),
    ]  # fmt: skip
    report = await registry.bring("bills", *(("77", f"{year}-01", "5") for year in range(2000, 2050)), ("1", "x", "5"))
    assert (len(report.bad), report.skipped) == (REPORTED, 51)
    assert report.bad[0].line == 2


async def test_a_customer_of_an_unknown_account_is_bad(registry: Registry) -> None:
    report = await registry.bring("customers", PERSON, ("+79000000002", *PERSON[1:6], "1|77"))
    assert told(report) == [(3, "account_numbers", "no such account")]
    assert await content("customers") == []


async def test_replacing_does_not_take_a_bad_row_for_gone(registry: Registry) -> None:
    rows = (("1", "ул. Тихая, 1"), ("2", ""))
    assert await registry.counts("accounts", *rows, replace=True, skip_bad=True) == (0, 0, 1, 1, 1)
    assert await present() == ["1", "2"]


@pytest.mark.parametrize("rows", [(), (("1", ""),)])
async def test_replacing_everything_by_nothing_is_refused(
    registry: Registry, rows: tuple[tuple[str, str], ...]
) -> None:
    with pytest.raises(RegistryFileError, match="remove everything"):
        await registry.bring("accounts", *rows, replace=True, skip_bad=True)
    assert len(await content("accounts")) == 3
    assert await registry.counts("accounts") == (0, 0, 0, 0, 0)


async def test_accounts_go_with_their_bills_and_attachments(registry: Registry) -> None:
    await registry.bring("bills", ("1", "2026-08", "5"), ("2", "2026-08", "5"), ("2", "2026-09", "5"))
    await registry.bring("customers", PERSON)
    report = await registry.bring("accounts", ("1", "ул. Тихая, 1"), replace=True, allow_removing=2)
    assert (report.removed, report.bills, report.attachments) == (2, 2, 1)
    (customer,) = await content("customers")
    assert [row["number"] for row in await accounts_of(customer["id"])] == ["1"]


async def test_cards_are_kept_as_hashes_only(registry: Registry) -> None:
    row = ("9643 9000-0000\u00a00010", "H1", "tk1", "Ivan@Example.org", "8 (900) 000-00-01")
    assert await registry.counts("cards", row) == (1, 0, 0, 0, 0)
    (card,) = await content("cards")
    hashed = registry.sealing.keyed_hash
    assert card == {
        "id": 1, "number_hash": hashed("card", "9643900000000010"), "last_four": "0010", "holder_id": "H1",
        "login": "tk1", "email_hash": hashed("email", "ivan@example.org"),
        "phone_hash": hashed("phone", "+79000000001"),
    }  # fmt: skip
    again = ("９643900000000010", "H1", "tk1", "ivan@example.org", "+79000000002")
    assert await registry.counts("cards", again) == (0, 1, 0, 0, 0)
    other = ("9643900000000028", "H2", "tk2", "a@example.org", "+79000000003")
    assert await registry.counts("cards", other, replace=True) == (1, 0, 0, 1, 0)


async def test_a_login_stands_with_one_holder(registry: Registry) -> None:
    """The login opens one cabinet: whose, nobody can tell where two holders have it."""
    rows = [
        (f"96439000000000{number}", holder, login, f"{holder}@example.org", f"+7900000000{place}")
        for place, (number, holder, login) in enumerate(
            [("10", "H1", "ТК1"), ("28", "H2", "tk2"), ("36", "H3", "тк1"), ("44", "H1", "тк1"), ("51", "H2", " TK2 ")]
        )
    ]
    stopped = await registry.bring("cards", *rows)
    wrong = BadRow(4, "login", "stands on an earlier line with another holder_id")
    assert (stopped.done, stopped.skipped, stopped.bad) == (False, 1, [wrong])
    assert await content("cards") == []
    for replace in (False, True):
        done = await registry.bring("cards", *rows, skip_bad=True, replace=replace)
        assert (done.skipped, done.removed) == (1, 0)
        assert {card["holder_id"] for card in await content("cards")} == {"H1", "H2"}
    # What is left out is not taken for gone.
    assert await registry.counts("cards", rows[2]) == (1, 0, 0, 0, 0)
    assert await registry.counts("cards", *rows, skip_bad=True, replace=True) == (0, 0, 4, 0, 1)
    assert {card["holder_id"] for card in await content("cards")} == {"H1", "H2", "H3"}


async def test_a_customer_taken_over(registry: Registry, now: datetime) -> None:
    assert await registry.counts("customers", PERSON) == (1, 0, 0, 0, 0)
    (customer,) = await content("customers")
    assert registry.sealing.unseal(customer["phone_sealed"]) == "+79000000001"
    assert registry.sealing.unseal(customer["email_sealed"]) == "Kim@example.org"
    assert customer["phone_hash"] == registry.sealing.keyed_hash("phone", "+79000000001")
    assert customer["email_hash"] == registry.sealing.keyed_hash("email", "kim@example.org")
    assert (str(customer["birth_date"]), customer["patronymic"]) == ("1990-02-01", "")
    assert (customer["password_hash"], customer["registered_at"]) == (None, now)
    assert [row["attached_at"] for row in await content("customer_accounts")] == [now, now]
    assert await registry.counts("customers", PERSON) == (0, 0, 1, 0, 0)
    assert await registry.counts("customers", (*PERSON[:4], "", "", "")) == (0, 1, 0, 0, 0)
    (customer,) = await content("customers")
    assert (customer["birth_date"], customer["email_hash"], customer["email_sealed"]) == (None, "", "")
    assert len(await content("customer_accounts")) == 2


async def test_another_address_has_to_be_confirmed_anew(registry: Registry, now: datetime) -> None:
    await registry.bring("customers", PERSON)
    await run("UPDATE customers SET email_confirmed_at = {}", now)
    await registry.bring("customers", (PERSON[0], "Ли", *PERSON[2:]))
    assert (await content("customers"))[0]["email_confirmed_at"] == now
    await registry.bring("customers", (*PERSON[:5], "other@example.org", "1|2"))
    assert (await content("customers"))[0]["email_confirmed_at"] is None


async def test_who_has_a_password_owns_their_data(registry: Registry) -> None:
    await registry.bring("customers", PERSON)
    await run("UPDATE customers SET password_hash = {}", "set")
    (before,) = await content("customers")
    other = (PERSON[0], "Ли", "Анна", "", "", "li@example.org", "3")
    assert await registry.counts("customers", other, replace=True) == (0, 1, 0, 0, 0)
    assert await registry.counts("customers", other, replace=True) == (0, 0, 1, 0, 0)
    assert await content("customers") == [before]
    assert len(await content("customer_accounts")) == 3


async def test_replacing_removes_only_customers_without_a_password(registry: Registry) -> None:
    await registry.bring("customers", PERSON, ("+79000000002", *PERSON[1:]), ("+79000000003", *PERSON[1:]))
    phone_hash = registry.sealing.keyed_hash("phone", "+79000000002")
    await run("UPDATE customers SET password_hash = {} WHERE phone_hash = {}", "set", phone_hash)
    report = await registry.bring("customers", (*PERSON[:6], "2"), replace=True)
    assert (report.changed, report.removed, report.attachments) == (1, 1, 1)
    assert len(await content("customers")) == 2
    assert len(await content("customer_accounts")) == 1 + 2


async def test_imports_at_once_wait_for_each_other(registry: Registry) -> None:
    same = [(str(number), f"ул. Тихая, {number}") for number in range(10, 3000)]
    reports = await asyncio.gather(*(registry.bring("accounts", *same) for _ in range(4)))
    assert sorted(report.added for report in reports) == [0, 0, 0, 2990]
    assert sorted(report.unchanged for report in reports) == [0, 2990, 2990, 2990]


async def test_the_fictitious_company_is_whole_and_the_same_every_time(registry: Registry, now: datetime) -> None:
    today = now.date()
    for kind in KINDS:
        rows = demo_company.ROWS[kind](today)
        names = registry.kinds[kind].column_names
        cells = [[row[name] for name in names] for row in rows]
        assert await registry.counts(kind, *cells) == (len(rows), 0, 0, 0, 0)
        assert await registry.counts(kind, *cells) == (0, 0, len(rows), 0, 0)
    assert (len(demo_company.accounts()), len(demo_company.cards())) == (500, 40)
    assert sorted({row["period"] for row in demo_company.bills(today)}) == ["2026-06", "2026-07", "2026-08"]
    later = {(r["account_number"], r["period"]): r["amount"] for r in demo_company.bills(today + timedelta(31))}
    assert all(
        later.get((r["account_number"], r["period"]), r["amount"]) == r["amount"] for r in demo_company.bills(today)
    )


def test_the_months_of_the_fictitious_company_cross_the_year() -> None:
    assert {row["period"] for row in demo_company.bills(datetime(2027, 1, 31).date())} == {  # noqa: DTZ001
        "2026-10", "2026-11", "2026-12",
    }  # fmt: skip
