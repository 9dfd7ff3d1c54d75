"""«Позвонить и продиктовать код»: where a gateway can and the operator allows it, after the second SMS."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from db.engine import run
from tests.browser import ANOTHER, CALL, Browser, location, path_of
from tests.conftest import Clock, Posted
from tests.holder import clear_throttles
from tests.screen import errors, words

CODE, RECOVERY, CHANGE = path_of("code"), "/recovery/code", "/profile/security/phone/code"
BUTTON, SENT_AGAIN = "Позвонить и продиктовать код", "Мы отправили код еще раз"
CALLED = "Сейчас мы позвоним и продиктуем код"
NEW_PHONE = "8 900 111-22-33"
ReadPosted = Callable[[], Awaitable[list[Posted]]]
MakeBrowser = Callable[..., Browser]
Begin = Callable[[Browser], Awaitable[None]]
allowed = pytest.mark.parametrize("changed", [{"sms_call": "on"}])


async def _registration(browser: Browser) -> None:
    await browser.reach("code")


async def _recovery(browser: Browser) -> None:
    await browser.register()
    await browser.post("/sign-out")
    await _recovery_of_an_unknown_number(browser)


async def _recovery_of_an_unknown_number(browser: Browser) -> None:
    await browser.post("/sign-in/phone", {"phone": browser.phone})
    await browser.post("/recovery")


async def _change(browser: Browser) -> None:
    await browser.register()
    await browser.post("/profile/security/phone", {"phone": NEW_PHONE})


JOURNEYS = [(CODE, _registration), (RECOVERY, _recovery), (CHANGE, _change)]
each_journey = pytest.mark.parametrize(("path", "begin"), JOURNEYS, ids=["registration", "recovery", "change"])


async def kinds() -> list[str]:
    rows = await run("SELECT kind FROM outbox WHERE message LIKE '%code%' ORDER BY id")
    return [row["kind"] for row in rows]


@allowed
@each_journey
async def test_after_the_second_sms_a_call_brings_one_more_code(
    client: Browser, clock: Clock, posted: ReadPosted, path: str, begin: Begin
) -> None:
    await begin(client)
    await clear_throttles()
    # Before that the button is not there, and what it would send is good for an SMS.
    assert BUTTON not in words(await client.get(path))
    assert SENT_AGAIN in words(await client.follow(await client.post(path, CALL)))
    assert BUTTON in words(await client.get(path))
    # A call comes when an SMS would.
    refused = await client.post(path, CALL)
    assert (refused.status_code, len(errors(refused))) == (422, 1)
    before = await kinds()
    await clear_throttles()
    shown = await client.follow(await client.post(path, CALL))
    assert CALLED in words(shown)
    assert SENT_AGAIN not in words(shown)
    assert await kinds() == [*before, "call"]
    dictated = (await posted())[-1]
    assert dictated.name == "code-call"
    # The codes before it stay good, and so is this one.
    assert location(await client.post(path, {"code": dictated.values["code"]})) != path


@allowed
async def test_it_is_counted_as_an_sms_is(client: Browser, clock: Clock, posted: ReadPosted) -> None:
    async def counted() -> dict[str, int]:
        return {row["key"]: row["hits"] for row in await run("SELECT key, hits FROM throttles")}

    await client.reach("code")
    clock.forward(minutes=1)
    await client.post(CODE, ANOTHER)
    clock.forward(minutes=2)
    before = await counted()
    await client.post(CODE, CALL)
    after = await counted()
    raised = {key.partition(":")[0] for key, hits in after.items() if hits > before.get(key, 0)}
    assert raised >= {"sms-phone-hour", "sms-phone-day", "sms-ip-hour", "sms-ip-day", "sms-range-hour"}
    assert any(kind.startswith("sms-portal-day") for kind in raised)
    assert [one.name for one in await posted()] == ["registration-code", "registration-code", "code-call"]


@pytest.mark.parametrize("changed", [{"sms_call": "on", "sms_budget_hour": 2}])
async def test_no_call_beyond_the_budget(client: Browser, clock: Clock, posted: ReadPosted) -> None:
    await client.reach("code")
    clock.forward(minutes=1)
    await client.post(CODE, ANOTHER)
    clock.forward(minutes=2)
    assert (await client.post(CODE, CALL)).status_code == 422
    assert len(await posted()) == 2


@allowed
async def test_an_unknown_number_sees_the_same_and_is_not_called(client: Browser, posted: ReadPosted) -> None:
    await _recovery_of_an_unknown_number(client)
    assert BUTTON not in words(await client.get(RECOVERY))
    for sent in (ANOTHER, CALL):
        await clear_throttles()
        shown = await client.follow(await client.post(RECOVERY, sent))
        assert BUTTON in words(shown)
    assert CALLED in words(shown)
    assert await posted() == []


@allowed
async def test_codes_of_long_ago_do_not_count(client: Browser, another_browser: MakeBrowser, clock: Clock) -> None:
    await client.reach("code")
    clock.forward(minutes=1)
    await client.post(CODE, ANOTHER)
    assert BUTTON in words(await client.get(CODE))
    clock.forward(minutes=60)
    later = another_browser()
    await later.reach("code")
    assert BUTTON not in words(await later.get(CODE))
    clock.forward(minutes=1)
    await later.post(CODE, ANOTHER)
    assert BUTTON in words(await later.get(CODE))


async def test_where_it_is_not_allowed_there_is_neither_button_nor_call(client: Browser) -> None:
    await client.reach("code")
    for _ in range(2):
        await clear_throttles()
        assert SENT_AGAIN in words(await client.follow(await client.post(CODE, CALL)))
        assert BUTTON not in words(await client.get(CODE))
    assert await kinds() == ["sms"] * 3
