"""Every button pressed eight times at once does once what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from db.engine import Engine, run
from tests.browser import ANOTHER, BILL, REQUEST, STEPS, Browser, location, path_of
from tests.conftest import Clock, Posted
from tests.faults.portal_process import PortalProcess
from tests.screen import words

PRESSES = 8
ReadPosted = Callable[[], Awaitable[list[Posted]]]


async def press(browser: Browser, path: str, form: object = None) -> list[str]:
    """The pages at which the presses end."""
    answers = await asyncio.gather(*(browser.post(path, form) for _ in range(PRESSES)))
    return [(await browser.follow(answer)).request.url.path for answer in answers]


async def test_a_registration_over_real_connections(engine: Engine, process: PortalProcess) -> None:
    browser = process.browser()
    for step in STEPS:
        form = await browser.form_of(step)
        answers = await asyncio.gather(*(browser.post(path_of(step), form) for _ in range(PRESSES)))
        assert {answer.status_code for answer in answers} == {303}
        for answer in answers:
            shown = await browser.follow(answer)
            assert shown.status_code == 200
            assert "Сеанс завершен" not in words(shown)
    assert "Анна Петровна Иванова" in words(await browser.get("/profile"))
    sent = [row["message"] for row in await run("SELECT message FROM outbox ORDER BY id")]
    assert sent == ["registration-code", "email-confirmation"]
    for table in ("customers", "consents", "customer_accounts"):
        assert len(await run(f"SELECT id FROM {table}")) == 1, table
    await browser.http.aclose()


async def test_another_code(client: Browser, clock: Clock, posted: ReadPosted) -> None:
    await client.reach("code")
    clock.forward(seconds=60)
    assert set(await press(client, path_of("code"), ANOTHER)) <= {path_of("code")}
    assert len(await posted()) == 2


async def test_the_code_of_a_known_number(
    client: Browser, another_browser: Callable[..., Browser], clock: Clock
) -> None:
    """The first press uses the code up; the others must not send its owner back to the beginning."""
    await client.register()
    clock.forward(hours=1)
    again = another_browser()
    await again.reach("code")
    assert set(await press(again, path_of("code"), await again.form_of("code"))) == {"/sign-in/password"}


async def test_a_wrong_bill_is_counted_as_often_as_it_was_judged(client: Browser) -> None:
    await client.reach("bill")
    answers = await asyncio.gather(*(client.post(path_of("bill"), {**BILL, "amount": "1"}) for _ in range(PRESSES)))
    assert {answer.status_code for answer in answers} == {422}
    hits = await run("SELECT hits FROM throttles WHERE key LIKE 'bill-phone-day%'")
    assert hits[0]["hits"] == 5


async def test_a_connection_request(client: Browser, posted: ReadPosted) -> None:
    await client.reach("bill")
    await client.post(path_of("bill"), {**BILL, "amount": "1"})
    assert set(await press(client, path_of("connection"), REQUEST)) == {path_of("sent")}
    assert len(await run("SELECT id FROM connection_requests")) == 1
    assert [message.name for message in await posted()] == [
        "registration-code", "connection-request-for-staff", "connection-request-received",
    ]  # fmt: skip


async def test_the_confirmation_of_an_address(client: Browser, posted: ReadPosted) -> None:
    await client.register()
    path = (await posted())[-1].values["link"].removeprefix("http://127.0.0.1:8000")
    answers = await asyncio.gather(*(client.post(path) for _ in range(PRESSES)))
    assert {answer.status_code for answer in answers} == {200}
    assert all("подтвержден" in words(answer) for answer in answers)
    events = await run("SELECT event FROM journal WHERE event = 'email-confirmed'")
    assert len(events) == 1


async def test_another_email(client: Browser, posted: ReadPosted) -> None:
    await client.register()
    await press(client, "/profile", ANOTHER)
    assert [message.name for message in await posted()].count("email-confirmation") == 2


async def test_signing_out(client: Browser) -> None:
    await client.register()
    assert set(await press(client, "/sign-out")) == {"/"}
    assert location(await client.get("/profile")) == "/"
    assert len(await run("SELECT 1 FROM journal WHERE event = 'signed-out'")) == 1
