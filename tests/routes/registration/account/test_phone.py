"""The phone in any sane form, and the consent without which nothing is done with it."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.engine import run
from domain.consents import ConsentText
from domain.registration.progress import Consent, GivenPhone
from routes.design import TEMPLATES
from tests.browser import PHONE, STEPS, Browser, location, path_of
from tests.conftest import NOW, Clock, Posted
from tests.screen import errors, value_of, words

PATH = path_of("phone")
TYPED = {"phone": PHONE, "consent": "yes"}
BROUGHT = GivenPhone("+79123456789", Consent(ConsentText("1", "ab"), NOW, "192.0.2.1"))
ReadPosted = Callable[[], Awaitable[list[Posted]]]


async def test_one_number_in_many_forms_is_one_message(client: Browser, posted: ReadPosted) -> None:
    for typed in ("8 (912) 345-67-89", "+7 912 345 67 89", "9123456789", "７９１２３４５６７８９"):
        assert location(await client.post(PATH, {"phone": typed, "consent": "yes"})) == path_of("code")
    assert [(message.name, message.to) for message in await posted()] == [("registration-code", "+79123456789")]


async def test_other_numbers_get_no_message(client: Browser, posted: ReadPosted) -> None:
    wrong = "Введен некорректный номер телефона"
    foreign = f"{wrong}. Нужен российский номер мобильного телефона."
    for typed, told in {
        "+7 495 123-45-67": wrong, "8 800 555-35-35": wrong, "1": wrong, "а": wrong,
        "+49 1512 3456789": foreign, "+380 50 123-45-67": foreign,
    }.items():  # fmt: skip
        answer = await client.post(PATH, {"phone": typed, "consent": "yes"})
        assert errors(answer) == [told]
        assert value_of(answer, "phone") == typed
    assert (await posted(), client.cookie) == ([], None)


@pytest.mark.parametrize("changed", [{"sms_countries": "RU,BY"}])
async def test_a_foreign_number_is_told_which_countries_are_served(client: Browser, changed: dict[str, Any]) -> None:
    answer = await client.post(PATH, {"phone": "+49 1512 3456789", "consent": "yes"})
    assert errors(answer)[0].endswith("Нужен номер мобильного телефона одной из стран: Россия, Беларусь.")
    answer = await client.post(PATH, {"phone": "+49 1512 3456789"}, headers={"Accept-Language": "en"})
    assert errors(answer)[0].endswith("It must be of one of these countries: Russia, Belarus.")


async def test_without_consent_nothing_is_kept_and_nothing_sent(client: Browser, posted: ReadPosted) -> None:
    answer = await client.post(PATH, {"phone": PHONE})
    assert errors(answer) == ["Подтвердите согласие на обработку персональных данных"]
    assert (await posted(), await run("SELECT 1 FROM sessions")) == ([], [])


async def test_the_consent_is_recorded_with_its_text_time_and_address(client: Browser, clock: Clock) -> None:
    given_at = clock.now
    await client.submit("phone")
    clock.forward(minutes=3)
    for step in STEPS[1:]:
        await client.submit(step)
    (consent,) = await run("SELECT * FROM consents")
    page = (await client.get("/personal-data", headers={"Accept-Language": "ru"})).text
    shown = re.search(r"(<p>Я даю (?:(?!</section>).)*</p>)", page, re.DOTALL)
    assert shown
    assert "ООО «Расчетный центр Светлоречинска»" in shown[1]
    assert consent["text_hash"] == hashlib.sha256(shown[1].encode()).hexdigest()
    source = (TEMPLATES / "partials/legal/personal-data-text.html").read_text(encoding="utf-8")
    assert f"version {consent['text_version']}" in source
    assert (consent["given_at"], consent["ip"]) == (given_at, "203.0.113.7")
    assert consent["customer"] == (await run("SELECT id FROM customers"))[0]["id"]


async def test_the_consent_is_kept_as_soon_as_its_phone_is_confirmed_whatever_comes_of_it(
    client: Browser, clock: Clock, posted: ReadPosted
) -> None:
    given_at = clock.now
    await client.submit("phone")
    clock.forward(minutes=3)
    assert await run("SELECT id FROM consents") == []  # anyone can type any number
    await client.submit("code")
    (consent,) = await run("SELECT given_at, customer FROM consents")
    assert (consent["given_at"], consent["customer"]) == (given_at, None)
    # Another number is another consent, and a known number's is its customer's.
    client.phone = "+7 912 345-67-90"
    for step in STEPS:
        await client.submit(step)
    (customer,) = await run("SELECT id FROM customers")
    assert [row["customer"] for row in await run("SELECT customer FROM consents ORDER BY id")] == [None, customer["id"]]
    await client.post("/sign-out")
    clock.forward(hours=1)
    await client.submit("phone")
    for _ in range(3):
        await client.submit("code")
    owners = [row["customer"] for row in await run("SELECT customer FROM consents ORDER BY id")]
    assert owners == [None, customer["id"], customer["id"]]


async def test_a_first_press_twice_at_once_is_one_message_and_goes_on_with_either_cookie(
    another_browser: Callable[..., Browser], posted: ReadPosted
) -> None:
    """Neither request has a session yet: each gets its own, and both know the phone."""
    tabs = [another_browser() for _ in range(8)]
    answers = await asyncio.gather(*(tab.post(PATH, {"phone": PHONE, "consent": "yes"}) for tab in tabs))
    assert {location(answer) for answer in answers} == {path_of("code")}
    assert len(await posted()) == 1
    assert location(await tabs[-1].submit("code")) == path_of("bill")


async def test_coming_back_does_not_send_again_and_shows_what_was_typed(client: Browser, posted: ReadPosted) -> None:
    await client.reach("code")
    back = await client.get(PATH)
    assert value_of(back, "phone") == "+7 912 345-67-89"
    assert location(await client.submit("phone")) == path_of("code")
    assert len(await posted()) == 1


async def test_a_confirmed_number_given_again_leads_on_without_a_message(client: Browser, posted: ReadPosted) -> None:
    await client.reach("address")
    assert location(await client.submit("phone")) == path_of("address")
    assert len(await posted()) == 1


async def test_another_number_is_confirmed_anew(client: Browser, posted: ReadPosted) -> None:
    await client.reach("bill")
    client.phone = "+7 912 345-67-90"
    assert location(await client.submit("phone")) == path_of("code")
    assert location(await client.get(path_of("bill"))) == path_of("code")
    assert [message.to for message in await posted()] == ["+79123456789", "+79123456790"]


async def test_too_early_for_a_new_code_and_none_left_is_told_here(client: Browser, clock: Clock) -> None:
    await client.reach("code")
    for _ in range(5):
        await client.post(path_of("code"), {"code": "000000"})
    answer = await client.post(PATH, {"phone": PHONE, "consent": "yes"})
    assert errors(answer) == ["Новый код можно запросить в 14:31"]


async def test_the_consent_text_is_one_click_away(client: Browser) -> None:
    assert 'href="/personal-data"' in (await client.get(PATH)).text
    assert "Согласие на обработку" in words(await client.get("/personal-data"))
