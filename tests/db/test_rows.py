"""Rows leave db/ typed: every query's rows are, on both databases, exactly what their TypedDict says."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db import (
    alerts,
    cards,
    connection_requests,
    consents,
    customer_search,
    customers,
    delivery_figures,
    email_links,
    gateways,
    governor,
    imports,
    installation,
    journal,
    leftovers,
    one_time_codes,
    outbox,
    receipts,
    registry,
    registry_jobs,
    sessions,
    staff,
    staff_journal,
    staff_sessions,
    usage,
)
from db.customers import NewCustomer
from db.engine import Engine, run, transaction
from tests.conftest import checked_rows

ROOT = Path(__file__).parents[2]
QUERIES = [path for path in sorted((ROOT / "db").glob("*.py")) if path.name not in {"engine.py", "staging.py"}]
PERSON: NewCustomer = {
    "phone_hash": "p", "phone_sealed": "sealed", "last_name": "Юрш", "first_name": "Анна", "patronymic": "",
    "birth_date": date(1980, 2, 29), "email_hash": "e", "email_sealed": "sealed", "password_hash": "hash",
    "login_hash": "l", "login": "anna", "registered_at": datetime.fromisoformat("2026-01-01T00:00+00:00"),
}  # fmt: skip


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The kinds of rows that have been read, at least one of each."""
    kinds: set[str] = set()

    def noted(kind: Any, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        if rows:
            kinds.add(kind.__name__)
        return checked_rows(kind, rows)

    monkeypatch.setattr("db.engine._typed", noted)
    return kinds


async def _fill(now: datetime) -> tuple[int, int]:
    """A customer and their account, with everything that can hang on them."""
    later = now + timedelta(hours=1)
    customer = await customers.add(PERSON)
    assert customer is not None
    rows = await run("INSERT INTO accounts (number, address) VALUES ('1', 'ул. Тихая, 1') RETURNING id")
    account: int = rows[0]["id"]
    await run("INSERT INTO bills (account, period, amount_kopecks) VALUES ({}, '2026-08', 5)", account)
    await run(
        "INSERT INTO cards (number_hash, last_four, holder_id, login, email_hash, phone_hash)"
        " VALUES ('c', '1234', 'H1', 'anna', 'e', 'p')"
    )
    await customers.attach_account(customer, account, now)
    await cards.attach_holder(customer, "H1", now)
    await cards.add_link(
        {
            "customer": customer, "token_hash": "t", "number_hash": "c", "holder_id": "H1", "email_sealed": "sealed",
            "created_at": now, "expires_at": later, "credentials": 0,
        }
    )  # fmt: skip
    await email_links.add(
        {
            "customer": customer, "token_hash": "t", "email_hash": "e", "email_sealed": "sealed",
            "created_at": now, "expires_at": later, "credentials": 0,
        }
    )  # fmt: skip
    await consents.add(
        {"customer": customer, "phone_hash": "p", "text_version": "1", "text_hash": "", "given_at": now, "ip": ""}
    )
    for token, owner in (("signed in", customer), ("proved", None)):
        await sessions.add(
            {
                "token_hash": token, "customer": owner, "progress_sealed": "sealed", "created_at": now, "seen_at": now,
                "idle_until": later, "ends_at": later, "authenticated_at": now if owner else None, "credentials": 0,
                "remembered": True, "ip": "", "user_agent": "",
            }
        )  # fmt: skip
    message = await outbox.put("sms", "recovery-code", "sealed", now, later, customer=customer)
    await one_time_codes.add(
        {
            "purpose": "recovery", "phone_hash": "p", "code_hash": "c", "sent_at": now, "expires_at": later,
            "wrong_tries": 0, "message": message,
        }
    )  # fmt: skip
    await journal.add(now, "signed-in", customer, "127.0.0.1", "Firefox", "details")
    return customer, account


async def _fill_staff(now: datetime) -> None:
    """A person with everything that they sign in by, read in each way."""
    later = now + timedelta(hours=1)
    person = await staff.add("e", "sealed", "admin", now)
    assert person is not None
    await staff.set_credentials(person, "hash", "sealed", 5)
    row = await staff.lock(person)
    assert row is not None
    assert row == await staff.get(person) == await staff.by_email(("e",)) == (await staff.everybody())[0]
    assert await staff.add_passkey(
        {"staff": person, "credential_id": "c", "public_key": "k", "sign_count": 0, "added_at": now}
    )
    assert await staff.passkeys_of(person)
    await staff_sessions.add(
        {
            "staff": person, "token_hash": "t", "progress_sealed": "sealed", "credentials": row["credentials"],
            "created_at": now, "seen_at": now, "idle_until": later, "ends_at": later, "ip": "", "user_agent": "",
        }
    )  # fmt: skip
    assert await staff_sessions.find("t", now, locked=True)
    end = await staff_journal.lock_end()
    await staff_journal.add(
        {
            "number": end["number"] + 1, "at": now, "staff": person, "customer": None, "event": "staff-added",
            "subject": "", "reason_sealed": "", "ip": "", "hash_before": end["hash"], "hash": "h",
        }
    )  # fmt: skip
    assert await staff_journal.end() == {"number": 1, "hash": "h"}
    assert await staff_journal.after(0, 5) == await staff_journal.newest(5)


def taken(row: int) -> outbox.Handover:
    return {"id": row, "attempts": 1, "state": "accepted", "gateway_id_hash": "h", "cost_kopecks": 5}


async def test_every_kind_of_row_is_what_its_type_says(engine: Engine, seen: set[str], now: datetime) -> None:
    customer, account = await _fill(now)
    later = now + timedelta(hours=1)
    request = await connection_requests.add("sealed", now)
    for message in ("waiting", "lapsing"):
        await outbox.put("sms", message, "sealed", now, now if message == "lapsing" else later)
    async with transaction():
        assert await customers.get(customer)
        assert await customers.lock(customer)
        assert (
            await customers.by_phone(("p",)) == await customers.by_login(("l",)) == await cards.customer_of_holder("H1")
        )
        assert await customers.of_account(account)
        assert await customer_search.attached_to(account)
        assert await customer_search.by_account(["1"]) == await customer_search.by_card(["c"])
        assert await cards.bound(("c",), ("e",))
        assert await cards.get("c")
        assert await cards.others_with_login(("l",), "another")
        assert await cards.of_customer(customer, ("p",))
        assert await cards.link("t", now, locked=True)
        assert await email_links.find("t", now, locked=True)
        assert await connection_requests.get(request)
        assert await connection_requests.listed()
        await connection_requests.mark_handled(request, now)
        assert await connection_requests.listed()
        assert await connection_requests.change(request, 1, {"account": account, "phone_hash": "waits"})
        assert await connection_requests.offers(("waits",), now)
        assert await consents.of_customer(customer)
        assert await consents.is_due(customer, "of another text")
        for token in ("signed in", "proved"):
            assert await sessions.find(token, now, locked=True)
        assert await sessions.of_customer(customer, now)
        assert await one_time_codes.living("recovery", ("p",), now)
        assert await one_time_codes.claim_try("recovery", ("p",), now, 5)
        assert await journal.of_customer(customer, 5)
        assert await journal.counters_of(customer, "signed-in", now - timedelta(hours=1))
        assert await leftovers.expire("sms", now)
        assert await outbox.due(["email", "sms"], [0, 1], now) == [("sms", 1)]
        claimed, _ = await outbox.claim("sms", 1, now, 5)
        assert await outbox.begin([claimed["id"]], 1, "gateway", "", now)
        assert await leftovers.abandoned("sms", now + timedelta(hours=1))
        assert await outbox.hand_over([taken(claimed["id"])], now)
        assert await one_time_codes.gateways("recovery", ("p",), now)
        assert await receipts.by_number([claimed["id"]]) == await receipts.by_gateway_id(["h"])
        assert not await receipts.have_stopped("gateway", later)
        assert await outbox.newest(5)
        assert len(await outbox.of_customer(customer, now - timedelta(hours=1), 5)) == 1
        assert (await delivery_figures.sent_by("gateway", now))["sent"] == 1
        await outbox.put("sms", "m", "", now, later)
        assert [row["oldest"] for row in await delivery_figures.waiting()] == [now]
        await receipts.settle([claimed["id"]], "delivered", later)
        assert await delivery_figures.receipt_times("gateway", now, 5)
        assert await delivery_figures.by_hour(["gateway"], [now])
        await gateways.report("gateway", now, 1)
        assert await gateways.known()
        assert await alerts.begin("codes", now)
        assert await alerts.standing()
        await installation.keep_secret_hash("h")
        await installation.note_backup(now)
        assert await installation.backed_up_at() == now
        assert await registry.account(account)
        assert await registry.find_account_by_bill(("1",), "2026-08", 5)
        assert await registry.accounts_of(customer)
        assert await registry.accounts_with_bills(customer, "2026-08", 12)
        assert await registry.bills_of([account], ["2026-08"])
        assert await registry.sample(5, "2026-08")
        await run("DELETE FROM consents")
        assert await registry.holders_birth_dates(account) == [PERSON["birth_date"]]
        await run("UPDATE accounts SET absent_since = {}", now)
        assert await registry.absent_accounts_of(customer)
        await run("INSERT INTO account_losses (attachment, lost_at) SELECT id, {} FROM customer_accounts", now)
        assert await customers.take_losses(5)
        await _fill_staff(now)
        await run("INSERT INTO account_ends (customer, account, ended_at) VALUES ({}, {}, {})", customer, account, now)
        assert await customers.take_ends(5)
        await imports.add(
            {
                "at": now, "kind": "bills", "who": "w", "file": "f", "sha256": "", "done": True,
                "added": 1, "changed": 0, "unchanged": 0, "removed": 0, "skipped": 0,
            }
        )  # fmt: skip
        assert await imports.newest(5)
        assert await imports.newest_of_each_kind()
        assert await connection_requests.open_by_age(["new"], now, now, now, 1)
        await usage.add([usage.Addition("a", "step", "phone", now, 1, rolled=False)])
        assert await usage.oldest_unrolled() == now
        assert await usage.by_hour(["step"], now, now + timedelta(hours=1))
        assert await usage.by_name(["step"], now, now + timedelta(hours=1))
        assert await usage.take_unrolled(now, now + timedelta(hours=1))
        job = await registry_jobs.begin(1, now)
        await registry_jobs.add_part(job, "sealed")
        assert await registry_jobs.part_after(job, 0)
        assert await registry_jobs.get(job)
        await governor.count([governor.Addition("g", "g", now, sent=1, typed=1)])
        assert await governor.sums(["g"], now - timedelta(hours=1))
        assert await governor.proven(["g"], later)
        assert await governor.change("g", "network", "n", 0, 1, now)
        assert await governor.all_steps()
    assert seen == {kind for path in QUERIES for kind in _row_types(path)}


def _row_types(path: Path) -> list[str]:
    module = importlib.import_module(f"db.{path.stem}")
    return [
        name
        for name, value in vars(module).items()
        if name.endswith("Row") and getattr(value, "__module__", "") == module.__name__
    ]


def test_no_query_takes_or_returns_a_row_without_a_type() -> None:
    untyped = [
        f"{path.name}: {node.name}"
        for path in QUERIES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AsyncFunctionDef)
        and any("dict[str, Any]" in ast.unparse(part) for part in (node.args, node.returns) if part is not None)
    ]
    assert untyped == []
