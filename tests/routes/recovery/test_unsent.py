"""What is not sent is charged to nobody, and nobody can tell that it was not sent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.engine import run
from domain.portal import Portal
from tests.browser import ANOTHER, PASSWORD, PHONE, Browser, location, path_of
from tests.conftest import Clock, Posted
from tests.screen import errors, words

UNKNOWN = "+7 900 765-43-21"
LOGIN = "tk1001"
WRONG = "Код не соответствует полученному в СМС"
EXHAUSTED = "Превышено число попыток ввода кода. Запросите новый"
EARLY = "Новый код можно запросить в"
MakeBrowser = Callable[..., Browser]
Outbox = Callable[[], Awaitable[list[Posted]]]


async def customer(another_browser: MakeBrowser, portal: Portal, clock: Clock) -> Browser:
    """A customer with a phone and a login, who registered yesterday."""
    own = another_browser("198.51.100.200")
    await own.register()
    login_hash = portal.sealing.keyed_hash("login", LOGIN)
    await run("UPDATE customers SET login = {}, login_hash = {}", LOGIN, login_hash)
    clock.forward(days=1, minutes=1)
    return own


async def by_phone(browser: Browser, phone: str = PHONE) -> Any:
    await browser.post("/sign-in/phone", {"phone": phone})
    return await browser.post("/recovery")


async def by_login(browser: Browser, login: str = LOGIN, phone: str = PHONE) -> Any:
    await browser.post("/recovery/login", {"login": login})
    return await browser.post("/recovery/phone", {"phone": phone})


async def sent(posted: Outbox) -> int:
    return sum("code" in message.values for message in await posted())


async def charged() -> dict[str, int]:
    """How much every counter of what is sent has counted."""
    rows = await run("SELECT key, hits FROM throttles WHERE key LIKE 'sms-%' AND hits > 0")
    kinds = {row["key"].partition(":")[0] for row in rows}
    return {kind: sum(row["hits"] for row in rows if row["key"].startswith(f"{kind}:")) for kind in kinds}


@pytest.mark.parametrize("changed", [{"sms_budget_day": 20, "sms_per_ip_hour": 10}])
async def test_recoveries_of_unknown_numbers_burn_no_budget(
    another_browser: MakeBrowser, portal: Portal, clock: Clock, posted: Outbox, changed: dict[str, Any]
) -> None:
    """Many times the budget, from many networks: then a customer recovers and another one registers."""
    await customer(another_browser, portal, clock)
    await run("DELETE FROM throttles")
    before = await sent(posted)
    for network in range(30):
        strangers = [another_browser(f"203.0.{network}.{n}") for n in range(4)]
        phones = [f"+7 900 765-{network:02d}-{n:02d}" for n in range(4)]
        answers = await asyncio.gather(*(by_phone(b, phone) for b, phone in zip(strangers, phones, strict=True)))
        assert {location(answer) for answer in answers} == {"/recovery/code"}
        await strangers[0].http.aclose()
    assert (await sent(posted), await charged()) == (before, {})
    owner = another_browser("203.0.1.1")
    assert location(await by_phone(owner)) == "/recovery/code"
    assert await sent(posted) == before + 1
    assert location(await owner.post("/recovery/code", {"code": await owner.read_code(PHONE)})) == "/recovery/password"
    newcomer = another_browser("203.0.1.1", phone="+7 912 345-67-90")
    newcomer.forms["bill"] = {"period": "2036-08", "account_number": "7000000118", "amount": "1234,56"}
    assert location(await newcomer.register()) == "/profile"


async def test_an_owner_is_not_locked_out_unseen(
    another_browser: MakeBrowser, portal: Portal, clock: Clock, posted: Outbox
) -> None:
    """Recoveries by an invented login for their number, and guesses from four addresses: no SMS, no lock for them."""
    own = await customer(another_browser, portal, clock)
    before = await sent(posted)
    stranger = another_browser("203.0.113.1")
    for n in range(8):
        for again in range(2):
            answer = await by_login(stranger, f"nobody{n * again}")
            assert location(answer) == "/recovery/code"
        for _ in range(5):
            assert errors(await stranger.post("/recovery/code", {"code": "000000"}))
        clock.forward(minutes=20)
    for n in range(4):
        for _ in range(5):
            await another_browser(f"203.0.113.{n}").sign_in("не тот пароль")
    assert await sent(posted) == before
    assert errors(await another_browser("192.0.2.1").sign_in())[0].startswith("Превышено число попыток входа")
    # The device that signed in before, and the way by SMS from anywhere.
    assert location(await own.sign_in()) == "/profile"
    for recover in (by_phone, by_login):
        elsewhere = another_browser("192.0.2.1")
        assert location(await recover(elsewhere)) == "/recovery/code"
        code = await elsewhere.read_code(PHONE)
        assert location(await elsewhere.post("/recovery/code", {"code": code})) == "/recovery/password"
        clock.forward(minutes=1)
    assert await sent(posted) == before + 2


async def test_a_code_that_was_never_sent_takes_no_try_of_one_that_was(
    another_browser: MakeBrowser, portal: Portal, clock: Clock
) -> None:
    await customer(another_browser, portal, clock)
    owner, stranger = another_browser("192.0.2.1"), another_browser("203.0.113.1")
    await by_login(owner)
    await by_login(stranger, "nobody")
    for _ in range(6):
        await stranger.post("/recovery/code", {"code": "000000"})
    code = await owner.read_code(PHONE)
    assert errors(await stranger.post("/recovery/code", {"code": code})) == [EXHAUSTED]
    assert location(await owner.post("/recovery/code", {"code": code})) == "/recovery/password"


async def test_a_code_that_was_never_sent_is_not_under_way_for_a_newcomer(
    another_browser: MakeBrowser, portal: Portal, clock: Clock, posted: Outbox
) -> None:
    """Asked for while the number was nobody's; then its owner registers, and has forgotten the password at once."""
    stranger, owner = another_browser("203.0.113.1"), another_browser("192.0.2.1")
    assert location(await by_phone(stranger, PHONE)) == "/recovery/code"
    await owner.register()
    await owner.post("/sign-out")
    # The pause is that of the number; no screen asks for a code that nobody has.
    assert errors(await by_phone(owner))[0].startswith(EARLY)
    clock.forward(minutes=1)
    assert location(await by_phone(owner)) == "/recovery/code"
    assert [message.name for message in await posted() if message.name == "recovery-code"] == ["recovery-code"]


async def seen(browser: Browser, recover: Callable[..., Awaitable[Any]], clock: Clock, phone: str) -> list[object]:
    """All that can be seen of an hour and more of requests, and of a registration of the number in between."""
    shown: list[object] = []
    for pause in (0, 30, 30, 60, 120, 300, 300, 300, 3000, 61):
        clock.forward(seconds=pause)
        if not shown:
            await recover(browser, phone=phone)
        answers = [await browser.post("/recovery/code", ANOTHER), await browser.get("/recovery/code")]
        answers += [await browser.post("/recovery/code", {"code": "000000"})]
        shown += [(a.status_code, errors(a), re.findall(r"можно в (\d\d:\d\d)", words(a))) for a in answers]
    other = await browser.post(path_of("phone"), {"phone": phone, "consent": "yes"})
    return [*shown, (other.status_code, errors(other))]


@pytest.mark.parametrize("recover", [by_phone, by_login])
async def test_known_and_unknown_are_told_alike_for_hours(
    another_browser: MakeBrowser, portal: Portal, clock: Clock, recover: Callable[..., Awaitable[Any]]
) -> None:
    await customer(another_browser, portal, clock)
    began, told = clock.now, []
    for place, phone in enumerate((PHONE, UNKNOWN)):
        clock.now = began
        told.append(await seen(another_browser(f"192.0.{place}.1"), recover, clock, phone))
    assert told[0] == told[1]


async def test_registration_after_a_recovery_does_not_tell_whether_it_was_sent(
    another_browser: MakeBrowser, portal: Portal, clock: Clock
) -> None:
    """Neither the pause nor the number of codes of one purpose shows in another."""
    await customer(another_browser, portal, clock)
    told = []
    for place, phone in enumerate((PHONE, UNKNOWN)):
        stranger = another_browser(f"192.0.{place}.1")
        await by_phone(stranger, phone)
        answers = [await stranger.post(path_of("phone"), {"phone": phone, "consent": "yes"})]
        answers += [await stranger.get(path_of("code"))]
        told.append([(a.status_code, errors(a), re.findall(r"можно в (\d\d:\d\d)", words(a))) for a in answers])
    assert told[0] == told[1]
    assert told[0][0][0] == 303


@pytest.mark.parametrize("changed", [{"sms_waits": "1"}])
async def test_a_phone_gets_its_day_of_recoveries_and_no_more(
    another_browser: MakeBrowser, portal: Portal, clock: Clock, posted: Outbox, changed: dict[str, Any]
) -> None:
    """By number and by login together; the number's owner is told when the number has been asked for too often."""
    await customer(another_browser, portal, clock)
    before = await sent(posted)
    for hour in range(20):
        browser = another_browser(f"192.0.2.{hour}")
        for recover in (by_phone, by_login):
            for _ in range(3):
                await recover(browser)
                clock.forward(seconds=2)
        clock.forward(hours=1)
    assert await sent(posted) == before + 8
    assert errors(await by_login(another_browser("192.0.3.1")))[0].startswith(EARLY)


@pytest.mark.parametrize("changed", [{"recovery_requests_ip_hour": 6, "sms_per_ip_hour": 3}])
@pytest.mark.parametrize("phone", [PHONE, UNKNOWN], ids=["known", "unknown"])
async def test_what_a_network_may_ask_for_is_bounded(
    another_browser: MakeBrowser, portal: Portal, clock: Clock, changed: dict[str, Any], phone: str
) -> None:
    """Generously, as nothing is sent; what is asked for from elsewhere is not touched."""
    await customer(another_browser, portal, clock)
    visitor = another_browser("203.0.113.1")
    answers = [await by_phone(visitor, f"+7 900 765-43-{n:02d}") for n in range(6)]
    assert {location(answer) for answer in answers} == {"/recovery/code"}
    counted = len(await run("SELECT key FROM throttles"))
    for _ in range(3):
        assert errors(await by_phone(visitor, phone)) == [f"{EARLY} 15:31"]
    assert len(await run("SELECT key FROM throttles")) == counted
    assert location(await by_phone(another_browser("198.51.100.1"), phone)) == "/recovery/code"
    # The registration of this network is counted by itself.
    assert location(await visitor.post(path_of("phone"), {"phone": phone, "consent": "yes"})) == path_of("code")
    clock.forward(hours=1)
    assert location(await by_phone(another_browser("203.0.113.1"), phone)) == "/recovery/code"


@pytest.mark.parametrize(
    ("changed", "open_ways"),
    [
        ({"sms_budget_registration_day": 2}, {"recovery"}),
        ({"sms_budget_recovery_day": 2}, {"registration"}),
        ({"sms_budget_day": 4}, set()),
    ],
)
async def test_registration_and_recovery_have_budgets_of_their_own(
    another_browser: MakeBrowser, portal: Portal, clock: Clock, changed: dict[str, Any], open_ways: set[str]
) -> None:
    await customer(another_browser, portal, clock)
    for n in range(2):
        newcomer = another_browser(f"203.0.{n}.1", phone=f"+7 912 345-68-{n:02d}")
        assert location(await newcomer.submit("phone")) == path_of("code")
        assert location(await by_phone(another_browser(f"203.0.{n}.2"))) == "/recovery/code"
        clock.forward(minutes=11)
    late = another_browser("203.0.9.1")
    register = {"phone": "+7 912 345-69-00", "consent": "yes"}
    answers = {"registration": await late.post(path_of("phone"), register), "recovery": await by_phone(late)}
    assert {way for way, answer in answers.items() if answer.status_code == 303} == open_ways
    # An unknown number is told the same of a budget that is used up.
    assert (await by_phone(late, UNKNOWN)).status_code == answers["recovery"].status_code
    for answer in answers.values():
        assert answer.status_code == 303 or errors(answer)[0].startswith(EARLY)


@pytest.mark.parametrize("changed", [{"code_tries_day": 12}])
@pytest.mark.parametrize("phone", [PHONE, UNKNOWN], ids=["known", "unknown"])
async def test_new_codes_bring_new_guesses_only_up_to_the_days_sum(
    another_browser: MakeBrowser, portal: Portal, clock: Clock, changed: dict[str, Any], phone: str
) -> None:
    await customer(another_browser, portal, clock)
    stranger, began, judged = another_browser("203.0.113.1"), clock.now, 0
    await by_phone(stranger, phone)
    for _ in range(40):
        told = errors(await stranger.post("/recovery/code", {"code": "000000"}))
        judged += WRONG in told
        if EXHAUSTED in told:
            clock.forward(minutes=16)
            answer = await stranger.post("/recovery/code", ANOTHER)
            if answer.status_code == 422:
                # Told when to come back: a day after the first wrong one.
                assert errors(answer) == ["Новый код можно запросить в 14:31"]
    assert judged == 12
    clock.now = began
    clock.forward(days=1, seconds=1)
    owner = another_browser("192.0.2.1")
    assert location(await by_phone(owner, phone)) == "/recovery/code"
    assert errors(await owner.post("/recovery/code", {"code": "000000"})) == [WRONG]


async def test_the_owner_keeps_the_password_meanwhile(
    another_browser: MakeBrowser, portal: Portal, clock: Clock
) -> None:
    own = await customer(another_browser, portal, clock)
    for _ in range(3):
        await by_login(another_browser("203.0.113.1"), "nobody")
    assert location(await own.sign_in(PASSWORD)) == "/profile"
