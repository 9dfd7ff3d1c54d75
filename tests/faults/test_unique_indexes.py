"""Every unique index that a request may run into: occupied a moment before, it is told, never a 500 or a false yes."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from db.engine import Engine, bound, run, transaction
from db.unique import unless_taken
from domain.portal import Portal
from domain.registry.importing import import_rows
from domain.registry.kinds import kinds
from settings import Settings
from tests.browser import BILL, PASSWORD, Browser, location, path_of
from tests.conftest import Clock, Posted, scope_of
from tests.screen import errors, words

CODE = "24680"
CARD = {"card_number": "9643900000000013", "email": "holder1@example.org"}
BOUND = "+79000000101"
OTHERS_PHONE = "+79000000199"
TAKEN = "У держателя этой карты уже есть логин и пароль"
# Random bits of our own making, and counters written by upserts: nothing that a request brings meets another.
OURS = {
    "sessions.token_hash", "email_links.token_hash", "card_links.token_hash", "captchas.id", "throttles.key",
    "journal.sum_key", "staff_links.token_hash", "staff_sessions.token_hash", "staff_recovery_codes.code_hash",
    "staff_links.staff", "governor_steps.subject", "gateways.name", "alerts.key",
    "legal_texts.kind,sha256",
}  # fmt: skip
# tests/routes/staff/: an address that is somebody's, an authenticator that is, and many entries at once.
OF_STAFF = {"staff.email_hash", "staff_passkeys.credential_id", "staff_journal.number"}
# Written by imports only, under their own lock (tests/domain/registry/test_importing.py).
OF_IMPORTS = {
    "accounts.number", "cards.number_hash", "bills.account,period", "bill_changes.bill", "account_losses.attachment",
}  # fmt: skip
OCCUPIED = {
    "customers.phone_hash",
    "customers.login_hash",
    "customer_holders.holder_id",
    "customer_accounts.customer,account",
}
Outbox = Callable[[], Awaitable[list[Posted]]]
Another = Callable[..., Browser]


@pytest.fixture
def changed() -> dict[str, Any]:
    return {"captcha_code": CODE, "card_tries_ip_hour": 1000}


@pytest.fixture(autouse=True)
async def _cards(client: Browser, settings: Settings, portal: Portal, clock: Clock) -> None:
    await bring(portal, clock, [[CARD["card_number"], "H1", "tk1001", CARD["email"], BOUND]])


async def bring(portal: Portal, clock: Clock, rows: list[list[str]]) -> None:
    known = kinds(portal.sealing, ("RU",), clock().date())["cards"]
    await import_rows(bound(), known, enumerate(rows, 1), clock(), skip_bad=True)


async def test_every_unique_index_is_looked_at(engine: Engine) -> None:
    if engine.engine_type == "sqlite":
        rows = await run(
            "SELECT m.name AS tbl, group_concat(c.name) AS cols FROM sqlite_master m, pragma_index_list(m.name) i,"
            " pragma_index_info(i.name) c WHERE m.type = 'table' AND i.\"unique\" = 1 GROUP BY m.name, i.name"
        )
    else:
        rows = await run(
            "SELECT c.relname AS tbl, string_agg(a.attname, ',' ORDER BY k.n) AS cols FROM pg_index x"
            " JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace s ON s.oid = c.relnamespace"
            " CROSS JOIN unnest(x.indkey) WITH ORDINALITY AS k (attnum, n)"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum"
            " WHERE x.indisunique AND s.nspname = 'public' GROUP BY c.relname, x.indexrelid"
        )
    found = {f"{row['tbl']}.{row['cols']}" for row in rows if row["tbl"] != "migration"}
    # Of an integer key SQLite keeps no index.
    assert {name for name in found if not name.endswith(".id")} <= OURS | OF_IMPORTS | OCCUPIED | OF_STAFF
    assert found >= OCCUPIED


# --- Occupied by another transaction a moment before: on PostgreSQL the request waits for that in the middle ---


@contextlib.asynccontextmanager
async def occupied(sql: str, *arguments: Any) -> AsyncIterator[Callable[[Awaitable[httpx.Response]], Any]]:
    """Begin what `sql` does on a connection of its own, and commit it once the request inside waits for it."""
    engine = bound()
    connection: Any = await engine.new_connection()
    try:
        if engine.engine_type == "sqlite":
            await connection.execute("BEGIN IMMEDIATE")
            await connection.execute(sql.replace("{}", "?"), arguments)
        else:
            await connection.execute("BEGIN")
            places = iter(range(1, 100))
            await connection.execute(re.sub(r"\{\}", lambda _: f"${next(places)}", sql), *arguments)

        async def overtake(request: Awaitable[httpx.Response]) -> httpx.Response:
            task = asyncio.ensure_future(request)
            waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            while engine.engine_type == "postgres" and not task.done() and not await connection.fetch(waiting):
                await asyncio.wait({task}, timeout=0.02)
            await connection.execute("COMMIT")
            return await task

        yield overtake
    finally:
        await connection.close()


async def _customer(portal: Portal, clock: Clock, phone: str, **more: Any) -> tuple[str, list[Any]]:
    """The INSERT of a customer who has that phone."""
    values = {
        "phone_hash": portal.sealing.keyed_hash("phone", phone),
        "phone_sealed": portal.sealing.seal(phone),
        "registered_at": clock() if bound().engine_type == "postgres" else clock().isoformat(" "),
        **more,
    }
    names = ", ".join(values)
    return f"INSERT INTO customers ({names}) VALUES ({', '.join('{}' for _ in values)})", list(values.values())


async def _holder(clock: Clock, customer: int) -> tuple[str, list[Any]]:
    at = clock() if bound().engine_type == "postgres" else clock().isoformat(" ")
    sql = "INSERT INTO customer_holders (customer, holder_id, attached_at) VALUES ({}, {}, {})"
    return sql, [customer, "H1", at]


async def _id_of(portal: Portal, phone: str) -> int:
    rows = await run("SELECT id FROM customers WHERE phone_hash = {}", portal.sealing.keyed_hash("phone", phone))
    return int(rows[0]["id"])


async def _picture(client: Browser, path: str) -> str:
    found = re.search(r'name="picture" value="([^"]+)"', (await client.open(path)).text)
    assert found
    return found[1]


async def _step_two(client: Browser, posted: Outbox, card: dict[str, str] | None = None) -> str:
    """Up to the link of the e-mail."""
    path = "/registration/card/card"
    await client.post(path, {**(card or CARD), "captcha": CODE, "picture": await _picture(client, path)})
    message = next(p for p in reversed(await posted()) if p.name == "card-registration")
    return str(message.values["link"]).removeprefix("http://127.0.0.1:8000")


async def _give_phone(client: Browser, link: str, phone: str = BOUND) -> httpx.Response:
    picture = await _picture(client, link)
    return await client.post(link, {"phone": phone, "captcha": CODE, "picture": picture})


async def _addition(client: Browser, posted: Outbox) -> str:
    """The link that adds the card to the profile of the signed-in customer."""
    assert location(await client.post("/profile/cards/new", CARD)) == "/profile"
    return str((await posted())[-1].values["link"]).removeprefix("http://127.0.0.1:8000")


async def test_the_phone_of_a_registration_by_account(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock
) -> None:
    await client.reach("password")
    sql, arguments = await _customer(portal, clock, client.phone.replace(" ", "").replace("-", ""))
    async with occupied(sql, *arguments) as overtake:
        answer = await overtake(client.post(path_of("password"), {"password": PASSWORD}))
    assert location(answer) == "/sign-in/password"
    assert location(await client.get("/profile")) == "/"
    assert len(await run("SELECT id FROM customers")) == 1


async def test_the_phone_of_a_registration_by_card(
    client: Browser, portal: Portal, posted: Outbox, clock: Clock
) -> None:
    link = await _step_two(client, posted)
    sql, arguments = await _customer(portal, clock, BOUND)
    picture = await _picture(client, link)
    async with occupied(sql, *arguments) as overtake:
        answer = await overtake(client.post(link, {"phone": BOUND, "captcha": CODE, "picture": picture}))
    assert location(answer) == "/registration/card/known"
    assert "card-password" not in [message.name for message in await posted()]


async def test_the_login_of_a_registration_by_card(
    client: Browser, portal: Portal, posted: Outbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    link = await _step_two(client, posted)
    login = {"login": "tk1001", "login_hash": scope_of(portal).login_hash("tk1001")}
    sql, arguments = await _customer(portal, clock, OTHERS_PHONE, **login)
    picture = await _picture(client, link)
    async with occupied(sql, *arguments) as overtake:
        answer = await overtake(client.post(link, {"phone": BOUND, "captcha": CODE, "picture": picture}))
    assert location(answer) == "/registration/card/login-taken"
    assert "the login of holder 'H1' is that of a holder who has no cards any more" in caplog.text
    assert [message.name for message in await posted()] == ["card-registration"]
    assert len(await run("SELECT id FROM customers")) == 1


async def test_the_holder_of_a_registration_by_card(
    client: Browser, another_browser: Another, portal: Portal, posted: Outbox, clock: Clock
) -> None:
    """Another customer adds the card to their profile while its holder registers: no customer is made without it."""
    await another_browser().register()
    link = await _step_two(client, posted)
    sql, arguments = await _holder(clock, await _id_of(portal, "+79123456789"))
    picture = await _picture(client, link)
    async with occupied(sql, *arguments) as overtake:
        answer = await overtake(client.post(link, {"phone": BOUND, "captcha": CODE, "picture": picture}))
    assert location(answer) == "/registration/card/registered"
    assert len(await run("SELECT id FROM customers")) == 1
    assert "card-password" not in [message.name for message in await posted()]


async def test_the_holder_of_a_card_that_is_added(
    client: Browser, another_browser: Another, portal: Portal, posted: Outbox, clock: Clock
) -> None:
    await another_browser(phone="8 900 111-22-33").register()
    await client.register()
    link = await _addition(client, posted)
    sql, arguments = await _holder(clock, await _id_of(portal, "+79001112233"))
    async with occupied(sql, *arguments) as overtake:
        answer = await overtake(client.post(link))
    assert (answer.status_code, errors(answer)) == (422, [TAKEN])
    # As often as it is pressed or opened.
    for again in (await client.post(link), await client.open(link)):
        assert (again.status_code, errors(again)) == (422, [TAKEN])
    assert "0013" not in words(await client.get("/profile"))


async def test_the_holder_of_a_card_that_is_added_twice_by_one(
    client: Browser, portal: Portal, posted: Outbox, clock: Clock
) -> None:
    await client.register()
    link = await _addition(client, posted)
    sql, arguments = await _holder(clock, await _id_of(portal, "+79123456789"))
    async with occupied(sql, *arguments) as overtake:
        answer = await overtake(client.post(link))
    assert "Карта добавлена" in words(await client.follow(answer))
    assert "0013" in words(await client.get("/profile"))


async def test_the_phone_that_is_changed_to(client: Browser, portal: Portal, clock: Clock) -> None:
    await client.register()
    await client.post("/profile/security/phone", {"phone": OTHERS_PHONE})
    code = await client.read_code(OTHERS_PHONE)
    sql, arguments = await _customer(portal, clock, OTHERS_PHONE)
    async with occupied(sql, *arguments) as overtake:
        answer = await overtake(client.post("/profile/security/phone/code", {"code": code}))
    assert (answer.status_code, errors(answer)) == (422, ["На этот номер зарегистрирован другой личный кабинет"])
    assert "+7 912 345-67-89" in words(await client.get("/profile"))


async def test_the_account_that_is_added(client: Browser, portal: Portal, clock: Clock) -> None:
    await client.register()
    account = (await run("SELECT id FROM accounts WHERE number = '7000000118'"))[0]["id"]
    at = clock() if bound().engine_type == "postgres" else clock().isoformat(" ")
    sql = "INSERT INTO customer_accounts (customer, account, attached_at) VALUES ({}, {}, {})"
    async with occupied(sql, await _id_of(portal, "+79123456789"), account, at) as overtake:
        form = {**BILL, "account_number": "7000000118"}
        answer = await overtake(client.post("/profile/accounts/new", form))
    assert (answer.status_code, errors(answer)) == (422, ["Этот лицевой счет уже добавлен"])


# --- Requests at once, and one after the other ---


@pytest.mark.parametrize("at_once", [True, False])
async def test_of_two_customers_who_add_one_card_the_second_is_told_so(
    client: Browser, another_browser: Another, posted: Outbox, at_once: bool
) -> None:
    browsers = [client, another_browser(phone="8 900 111-22-33")]
    links = []
    for browser in browsers:
        await browser.register()
        links.append(await _addition(browser, posted))
    presses = [browser.post(link) for browser, link in zip(browsers, links, strict=True)]
    answers = await asyncio.gather(*presses) if at_once else [await press for press in presses]
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    for browser, answer in zip(browsers, answers, strict=True):
        # Followed first: the next look at the profile is told nothing.
        told = "Карта добавлена" in words(await browser.follow(answer))
        has_card = "0013" in words(await browser.get("/profile"))
        assert (told, answer.status_code == 303) == (has_card, has_card)
        assert errors(answer) == ([] if has_card else [TAKEN])
    assert len(await run("SELECT id FROM journal WHERE event = 'card-added'")) == 1


async def test_a_card_is_added_while_its_holder_registers(
    client: Browser, another_browser: Another, posted: Outbox
) -> None:
    await client.register()
    adding = await _addition(client, posted)
    holder = another_browser()
    link = await _step_two(holder, posted)
    added, registered = await asyncio.gather(client.post(adding), _give_phone(holder, link))
    ways = (added.status_code, location(registered))
    assert ways in {(303, "/registration/card/registered"), (422, "/registration/card/done")}
    assert len(await run("SELECT id FROM customer_holders")) == 1
    assert len(await run("SELECT id FROM customers")) == (1 if added.status_code == 303 else 2)


@pytest.mark.parametrize("at_once", [True, False])
async def test_of_two_holders_with_one_login_the_second_is_told_what_to_do(
    client: Browser,
    another_browser: Another,
    portal: Portal,
    posted: Outbox,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    at_once: bool,
) -> None:
    """The registry's mistake, brought by imports that did not look for it."""
    second = {"card_number": "9643900000000021", "email": "holder2@example.org"}
    await bring(portal, clock, [[second["card_number"], "H2", "tk2", second["email"], "+79000000202"]])
    await run("UPDATE cards SET login = 'TK1001' WHERE holder_id = 'H2'")
    browsers = client, another_browser()
    links = [await _step_two(client, posted), await _step_two(browsers[1], posted, second)]
    phones = (BOUND, "+79000000202")
    presses = [_give_phone(*each) for each in zip(browsers, links, phones, strict=True)]
    answers = await asyncio.gather(*presses) if at_once else [await press for press in presses]
    ways = [location(answer) for answer in answers]
    assert sorted(ways) == ["/registration/card/done", "/registration/card/login-taken"]
    late = ways.index("/registration/card/login-taken")
    page = words(await browsers[late].follow(answers[late]))
    assert "Логин, который указан для вашей карты, есть у другого держателя" in page
    assert "Позвоните нам" in page
    told = [record.getMessage() for record in caplog.records if "the login of holder" in record.getMessage()]
    holders = ("H1", "H2")
    assert told == [
        f"the login of holder {holders[late]!r} is that of {holders[1 - late]!r}: correct the registry and import it"
    ]
    for secret in ("tk1001", "TK1001", "holder1@", "holder2@", BOUND[2:], CARD["card_number"]):
        assert secret not in caplog.text
    # From the first step on, whatever the other one has done by now.
    path = "/registration/card/card"
    again = {**(CARD, second)[late], "captcha": CODE, "picture": await _picture(browsers[late], path)}
    assert location(await browsers[late].post(path, again)) == "/registration/card/login-taken"
    # The link goes on once the registry is right.
    await run("UPDATE cards SET login = 'tk3' WHERE holder_id = {}", holders[late])
    assert location(await _give_phone(browsers[late], links[late], phones[late])) == "/registration/card/done"


async def test_a_holder_with_a_new_number_is_still_known_by_the_login(
    client: Browser, portal: Portal, posted: Outbox, clock: Clock
) -> None:
    await _give_phone(client, await _step_two(client, posted))
    password = next(p for p in reversed(await posted()) if p.name == "card-password").values["password"]
    await client.post("/sign-in/login", {"login": "tk1001", "password": password})
    await client.post("/registration/card/password", {"password": PASSWORD})
    await client.post("/sign-out")
    await run("UPDATE cards SET holder_id = 'H9'")
    path = "/registration/card/card"
    answer = await client.post(path, {**CARD, "captcha": CODE, "picture": await _picture(client, path)})
    assert location(answer) == "/registration/card/registered"


async def test_a_statement_that_an_index_refuses_leaves_its_transaction_whole(portal: Portal, client: Browser) -> None:
    await client.register()
    sql = "INSERT INTO accounts (number, address) VALUES ({}, 'ул. Тихая')"
    async with transaction():
        assert await unless_taken(sql, "1")
        assert not await unless_taken(sql, "1")
        assert await unless_taken(sql, "2")
    assert len(await run("SELECT id FROM accounts WHERE address = 'ул. Тихая'")) == 2
