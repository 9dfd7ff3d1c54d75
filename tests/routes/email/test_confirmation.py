"""The link of the e-mail: looked at it spends nothing, pressed twice it confirms once, altered it says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from db.engine import run
from tests.browser import ANOTHER, BASE, Browser, location
from tests.conftest import Clock, Posted
from tests.screen import errors, words

ReadPosted = Callable[[], Awaitable[list[Posted]]]
INVALID = "Ссылка недействительна или уже использована"


async def link(posted: ReadPosted) -> str:
    url: str = (await posted())[-1].values["link"]
    assert url.startswith(f"{BASE}/email/confirmation/")
    return url.removeprefix(BASE)


async def confirmed() -> bool:
    return (await run("SELECT email_confirmed_at FROM customers"))[0]["email_confirmed_at"] is not None


async def test_a_scanner_that_opens_the_link_spends_nothing(
    client: Browser, another_browser: Callable[..., Browser], posted: ReadPosted
) -> None:
    await client.register()
    path = await link(posted)
    scanner = another_browser("192.0.2.1")
    for _ in range(3):
        assert (await scanner.open(path)).status_code == 200
        assert (await scanner.http.head(path)).status_code == 303
    assert not await confirmed()
    assert "Подтвердите почту" in words(await client.get("/profile"))


async def test_the_button_confirms_on_any_device_and_twice_does_no_harm(
    client: Browser, another_browser: Callable[..., Browser], posted: ReadPosted
) -> None:
    await client.register()
    path = await link(posted)
    phone = another_browser("192.0.2.1")
    shown = words(await phone.open(path))
    assert "i···a@example.org" in shown
    assert "ivanova@" not in shown
    for _ in range(2):
        assert "i···a@example.org подтвержден" in words(await phone.post(path))
    assert await confirmed()
    assert phone.cookie is None  # the link signs nobody in
    assert "подтверждена" in words(await client.get("/profile"))


async def test_an_altered_or_expired_link_says_so(client: Browser, clock: Clock, posted: ReadPosted) -> None:
    await client.register()
    path = await link(posted)
    altered = path[:-1] + ("A" if path[-1] != "A" else "B")
    for wrong in (altered, path[:-1], path + "x", "/email/confirmation/%00", "/email/confirmation/" + "a" * 3000):
        for answer in (await client.get(wrong), await client.post(wrong)):
            assert answer.status_code == 410, wrong
            assert INVALID in words(answer)
    clock.forward(days=3)
    assert (await client.post(path)).status_code == 410
    assert not await confirmed()


async def test_another_email_may_be_asked_for_in_time_and_the_first_stays_good(
    client: Browser, clock: Clock, posted: ReadPosted
) -> None:
    await client.register()
    first = await link(posted)
    assert location(await client.post("/profile", ANOTHER)) == "/profile"
    refused = await client.post("/profile", ANOTHER)
    assert refused.status_code == 422
    assert "Новое письмо можно запросить в 14:31" in errors(refused)
    clock.forward(minutes=1)
    assert location(await client.post("/profile", ANOTHER)) == "/profile"
    assert [message.name for message in await posted()].count("email-confirmation") == 3
    assert (await client.post(first)).status_code == 200
    assert await confirmed()


async def test_only_who_is_signed_in_may_ask_for_an_email(client: Browser, posted: ReadPosted) -> None:
    assert location(await client.post("/profile", ANOTHER)) == "/"
    assert await posted() == []
