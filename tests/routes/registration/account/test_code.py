"""The code is judged five times, sent again in time, and tells last of all whose the number is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.engine import run
from domain.registration.progress import ConfirmedPhone
from tests.browser import ANOTHER, PHONE, Browser, location, path_of, wrong_code
from tests.conftest import Clock, Posted
from tests.screen import errors, fragment_of, words

CODE = path_of("code")
# The right one is in the SMS (`Browser.form_of`).
TYPED = {"code": "000000"}
BROUGHT = ConfirmedPhone(1)
WRONG = "Код не соответствует полученному в СМС"
EXHAUSTED = "Превышено число попыток ввода кода. Запросите новый"
EXPIRED = "Срок действия кода истек. Запросите новый"
ReadPosted = Callable[[], Awaitable[list[Posted]]]
MakeBrowser = Callable[..., Browser]


async def guess(browser: Browser) -> list[str]:
    answer = await browser.post(CODE, {"code": wrong_code(await browser.read_code(browser.phone))})
    assert answer.status_code == 422
    return errors(answer)


async def test_the_right_code_leads_on_in_any_sane_form(client: Browser) -> None:
    await client.reach("code")
    code = await client.read_code(PHONE)
    spaced = f" {code[:3]}-{code[3:]} ".translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert location(await client.post(CODE, {"code": spaced})) == path_of("bill")


async def test_the_number_is_masked_and_the_code_is_not_on_the_screen(client: Browser) -> None:
    await client.reach("code")
    shown = await client.get(CODE)
    assert "+7 912 ···-··-89" in words(shown)
    assert "345-67" not in shown.text
    assert await client.read_code(PHONE) not in shown.text


async def test_nothing_typed_is_not_a_try(client: Browser) -> None:
    await client.reach("code")
    for empty in ("", "  ", "\u200b"):
        answer = await client.post(CODE, {"code": empty})
        assert answer.status_code == 422
    assert errors(await client.post(CODE, {})) == ["Введите код из СМС"]
    assert await guess(client) == [WRONG]


async def test_five_wrong_codes_are_judged_and_then_not_even_the_right_one(client: Browser) -> None:
    await client.reach("code")
    assert [await guess(client) for _ in range(4)] == [[WRONG]] * 4
    assert await guess(client) == [WRONG, EXHAUSTED]
    assert errors(await client.post(CODE, {"code": await client.read_code(PHONE)})) == [EXHAUSTED]


async def test_tries_are_counted_across_a_new_code(client: Browser, clock: Clock) -> None:
    await client.reach("code")
    for _ in range(3):
        await guess(client)
    clock.forward(seconds=60)
    assert location(await client.post(CODE, ANOTHER)) == CODE
    assert await guess(client) == [WRONG]
    assert await guess(client) == [WRONG, EXHAUSTED]
    assert errors(await client.post(CODE, {"code": await client.read_code(PHONE)})) == [EXHAUSTED]


async def test_after_exhaustion_a_new_code_begins_anew(client: Browser, clock: Clock) -> None:
    await client.reach("code")
    first = await client.read_code(PHONE)
    for _ in range(5):
        await guess(client)
    clock.forward(seconds=60)
    await client.post(CODE, ANOTHER)
    # The old one is void for good.
    if first != await client.read_code(PHONE):
        assert errors(await client.post(CODE, {"code": first})) == [WRONG]
    assert location(await client.submit("code")) == path_of("bill")


async def test_an_earlier_code_stays_good_after_a_new_one(client: Browser, clock: Clock) -> None:
    await client.reach("code")
    first = await client.read_code(PHONE)
    clock.forward(seconds=60)
    await client.post(CODE, ANOTHER)
    assert location(await client.post(CODE, {"code": first})) == path_of("bill")


async def test_a_code_expires_after_ten_minutes(client: Browser, clock: Clock) -> None:
    await client.reach("code")
    code = await client.read_code(PHONE)
    clock.forward(minutes=10)
    assert errors(await client.post(CODE, {"code": code})) == [EXPIRED]
    await client.post(CODE, ANOTHER)
    assert location(await client.submit("code")) == path_of("bill")


async def test_a_code_is_good_a_second_before(client: Browser, clock: Clock) -> None:
    await client.reach("code")
    clock.forward(minutes=9, seconds=59)
    assert location(await client.submit("code")) == path_of("bill")


async def test_a_code_is_good_once(client: Browser, another_browser: MakeBrowser) -> None:
    second = another_browser()
    await client.reach("code")
    await second.reach("code")
    code = await client.read_code(PHONE)
    await client.submit("code")
    assert errors(await second.post(CODE, {"code": code})) == [EXPIRED]


@pytest.mark.parametrize("sessions", [1, 10])
async def test_a_hundred_guesses_at_once_are_five(client: Browser, another_browser: MakeBrowser, sessions: int) -> None:
    browsers = [client, *(another_browser(f"203.0.113.{n}") for n in range(1, sessions))]
    for browser in browsers:
        await browser.reach("code")
    wrong = wrong_code(await client.read_code(PHONE))
    answers = await asyncio.gather(*(browsers[n % sessions].post(CODE, {"code": wrong}) for n in range(100)))
    assert {answer.status_code for answer in answers} == {422}
    told = [errors(answer) for answer in answers]
    assert sum(WRONG in texts for texts in told) == 5
    assert sum(texts == [EXHAUSTED] for texts in told) == 95
    # One phone, one SMS, however many sessions asked.
    assert [row["wrong_tries"] for row in await run("SELECT wrong_tries FROM one_time_codes")] == [5]


async def test_new_codes_come_after_one_then_two_then_five_minutes(
    client: Browser, clock: Clock, posted: ReadPosted
) -> None:
    await client.reach("code")
    for wait in (60, 120, 300):
        clock.forward(seconds=wait - 1)
        early = await client.post(CODE, ANOTHER)
        assert early.status_code == 422
        at = re.search(r"Новый код можно запросить в (\d\d:\d\d)", errors(early)[0])
        assert at is not None
        clock.forward(seconds=1)
        # The printed time is the portal's zone's, rounded up to the minute.
        assert at[1] == f"{clock.now.hour + 3:02d}:{clock.now.minute:02d}"
        assert location(await client.post(CODE, ANOTHER)) == CODE
    assert len(await posted()) == 4


async def test_the_waiting_time_is_printed_beside_the_button(client: Browser) -> None:
    await client.reach("code")
    assert "Отправить код еще раз можно в 14:31" in words(await client.get(CODE))


async def test_five_an_hour_and_eight_a_day(client: Browser, clock: Clock, posted: ReadPosted) -> None:
    start = clock.now
    await client.reach("code")
    for minute in range(24 * 60):
        clock.now = start
        clock.forward(minutes=minute)
        if minute % 7 == 0:
            if minute % 21 == 0:  # a session idles out after half an hour
                await client.post(path_of("phone"), {"phone": PHONE, "consent": "yes"})
            await client.post(CODE, ANOTHER)
        if minute == 59:
            assert len(await posted()) == 5
    assert len(await posted()) == 8


async def test_hammering_from_many_browsers_sends_one_message(another_browser: MakeBrowser, posted: ReadPosted) -> None:
    browsers = [another_browser(f"203.0.113.{n}") for n in range(1, 21)]
    answers = await asyncio.gather(*(b.post(path_of("phone"), {"phone": PHONE, "consent": "yes"}) for b in browsers))
    assert {location(answer) for answer in answers} == {CODE}
    await asyncio.gather(*(b.post(CODE, ANOTHER) for b in browsers))
    assert len(await posted()) == 1


@pytest.mark.parametrize("changed", [{"sms_per_ip_hour": 4}])
@pytest.mark.parametrize(
    ("ips", "sent"),
    [
        (["203.0.113.1"] * 6, 4),
        # One subscriber holds a whole /64.
        ([f"2001:db8:0:1::{n}" for n in range(6)], 4),
        ([f"2001:db8:0:{n}::1" for n in range(6)], 6),
        ([f"203.0.113.{n}" for n in range(6)], 6),
    ],
)
async def test_an_address_gets_so_many_messages_an_hour(
    another_browser: MakeBrowser, clock: Clock, posted: ReadPosted, changed: dict[str, Any], ips: list[str], sent: int
) -> None:
    answers = []
    for n, ip in enumerate(ips):
        browser = another_browser(ip, phone=f"+7 912 345-67-{n:02d}")
        answers.append(await browser.post(path_of("phone"), await browser.form_of("phone")))
    assert len(await posted()) == sent
    refused = [answer for answer in answers if answer.status_code == 422]
    assert len(refused) == len(ips) - sent
    assert all(errors(answer) == ["Новый код можно запросить в 15:30"] for answer in refused)
    clock.forward(hours=1)
    last = another_browser(ips[0], phone="+7 912 345-68-00")
    assert location(await last.submit("phone")) == CODE


@pytest.mark.parametrize("changed", [{"sms_budget_day": 3}])
async def test_the_portal_has_a_budget(
    another_browser: MakeBrowser, clock: Clock, posted: ReadPosted, changed: dict[str, Any]
) -> None:
    browsers = [another_browser(f"203.0.113.{n}", phone=f"+7 912 345-67-{n:02d}") for n in range(10)]
    await asyncio.gather(*(b.post(path_of("phone"), {"phone": b.phone, "consent": "yes"}) for b in browsers))
    assert len(await posted()) == 3
    clock.forward(days=1)
    await browsers[9].submit("phone")
    assert len(await posted()) == 4


async def test_who_asks_too_early_in_vain_is_not_locked_out(client: Browser, clock: Clock) -> None:
    await client.reach("code")
    for _ in range(20):
        await client.post(CODE, ANOTHER)
    clock.forward(seconds=60)
    assert location(await client.post(CODE, ANOTHER)) == CODE


async def test_a_known_number_is_told_only_behind_its_code(
    client: Browser, another_browser: MakeBrowser, clock: Clock
) -> None:
    await client.register()
    clock.forward(hours=1)
    known, unknown = another_browser(), another_browser(phone="+7 912 345-67-90")
    for browser in (known, unknown):
        await browser.submit("phone")
    shown = await known.follow(await known.submit("code"))
    assert shown.request.url.path == "/sign-in/password"
    assert "На этот номер уже зарегистрирован личный кабинет" in words(shown)
    assert "+7 912 345-67-89" in shown.text
    assert location(await unknown.submit("code")) == path_of("bill")


async def test_a_known_and_an_unknown_number_look_alike_until_then(
    client: Browser, another_browser: MakeBrowser, clock: Clock
) -> None:
    await client.register()
    clock.forward(hours=1)
    seen = []
    for digits in ("89", "90"):
        browser = another_browser(phone=f"+7 912 345-67-{digits}")
        answers = [
            await browser.post(path_of("phone"), await browser.form_of("phone")),
            await browser.get(CODE),
            await browser.post(CODE, {"code": "000000"}),
            await browser.post(CODE, ANOTHER),
        ]
        seen.append([_telling(answer, digits) for answer in answers])
    assert seen[0] == seen[1]


def _telling(answer: Any, digits: str) -> tuple[int, list[tuple[str, str]], str]:
    """All of an answer that could tell two numbers apart."""
    # The length is that of the compressed body, in which the number itself stands.
    kept = [(name, value) for name, value in answer.headers.items() if name != "content-length"]
    headers = [(name, re.sub("kabinet=[^;]+", "kabinet=", value)) for name, value in kept]
    return answer.status_code, headers, answer.text.replace(f"···-··-{digits}", "···-··-##")


async def test_the_number_can_be_changed_without_touching_the_other_ones_tries(client: Browser) -> None:
    await client.reach("code")
    for _ in range(5):
        await guess(client)
    client.phone = "+7 912 345-67-90"
    assert location(await client.submit("phone")) == CODE
    assert "90" in words(await client.get(CODE))
    assert location(await client.submit("code")) == path_of("bill")


async def test_the_step_is_the_code_until_it_is_confirmed_and_never_again(client: Browser) -> None:
    await client.reach("code")
    assert fragment_of(await client.get(CODE)) == "registration-account-code"
    await client.submit("code")
    assert location(await client.get(CODE)) == path_of("bill")
    assert location(await client.post(CODE, {"code": "000000"})) == path_of("bill")
    assert location(await client.post(CODE, ANOTHER)) == path_of("bill")
