"""What was typed in a registration whose session has ended: there again for the owner of the number alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from db import sessions
from tests.browser import BILL, PERSON, Browser, location, path_of
from tests.conftest import Clock
from tests.screen import value_of, words

ANOTHER_PHONE = "+7 912 345-67-80"
_IDLE = timedelta(minutes=31)


async def _idle(client: Browser, clock: Clock, reached: str = "password") -> None:
    await client.reach(reached)
    clock.now += _IDLE


async def _confirm(client: Browser) -> None:
    await client.submit("phone")
    await client.submit("code")


async def test_everything_is_there_again_once_the_number_is_confirmed(client: Browser, clock: Clock) -> None:
    await _idle(client, clock)
    ended = await client.follow(await client.get(path_of("password")))
    assert ended.request.url.path == path_of("phone")
    assert "Сеанс завершен. Начните заново" in words(ended)
    assert value_of(ended, "phone") == ""
    await _confirm(client)
    bill = await client.get(path_of("bill"))
    assert value_of(bill, "account_number") == BILL["account_number"]
    assert (value_of(bill, "amount") or "").replace("\N{NO-BREAK SPACE}", "") == BILL["amount"]
    # It is only typed text: the bill proves nothing until it is sent again.
    assert location(await client.get(path_of("person"))) == path_of("bill")
    for step in ("bill", "address"):
        await client.submit(step)
    person = await client.get(path_of("person"))
    assert {name: value_of(person, name) for name in PERSON} == PERSON


async def test_what_was_sent_too_late_is_there_too(client: Browser, clock: Clock) -> None:
    await _idle(client, clock, "person")
    sent = {**PERSON, "first_name": "Марианна"}
    assert location(await client.post(path_of("person"), sent)) == path_of("phone")
    await _confirm(client)
    for step in ("bill", "address"):
        await client.submit(step)
    person = await client.get(path_of("person"))
    assert {name: value_of(person, name) for name in PERSON} == sent


@pytest.mark.parametrize("reached", ["password", "person"])
async def test_another_number_gets_nothing(client: Browser, clock: Clock, reached: str) -> None:
    await _idle(client, clock, reached)
    await client.post(path_of("person"), PERSON)
    client.phone = ANOTHER_PHONE
    await _confirm(client)
    assert value_of(await client.get(path_of("bill")), "account_number") == ""
    for step in ("bill", "address"):
        await client.submit(step)
    assert value_of(await client.get(path_of("person")), "last_name") == ""


async def test_nothing_is_shown_before_the_number_is_confirmed(client: Browser, clock: Clock) -> None:
    await _idle(client, clock)
    await client.post(path_of("person"), PERSON)
    await client.submit("phone")
    for step in ("phone", "code", "bill", "person", "connection"):
        shown = await client.follow(await client.get(path_of(step)))
        assert PERSON["last_name"] not in shown.text
        assert BILL["account_number"] not in shown.text


async def test_another_browser_gets_nothing(
    client: Browser, another_browser: Callable[..., Browser], clock: Clock
) -> None:
    await _idle(client, clock)
    other = another_browser()
    await _confirm(other)
    assert value_of(await other.get(path_of("bill")), "account_number") == ""


async def test_a_session_that_has_not_ended_gives_nothing_away(client: Browser, clock: Clock) -> None:
    """An open registration cannot be read through a new one: its own number is asked for in its own session."""
    await client.reach("password")
    cookie = client.cookie
    clock.now += timedelta(minutes=5)
    client.phone = ANOTHER_PHONE
    await _confirm(client)
    assert client.cookie != cookie
    assert value_of(await client.get(path_of("bill")), "account_number") == ""


async def test_what_has_ended_is_kept_for_an_hour(client: Browser, clock: Clock) -> None:
    await _idle(client, clock)
    await sessions.sweep(clock.now)
    await _confirm(client)
    assert value_of(await client.get(path_of("bill")), "account_number") == BILL["account_number"]
    clock.now += _IDLE + timedelta(hours=1)
    await sessions.sweep(clock.now)
    await _confirm(client)
    assert value_of(await client.get(path_of("bill")), "account_number") == ""


async def test_a_finished_registration_leaves_nothing(client: Browser, clock: Clock) -> None:
    await client.register()
    clock.now += timedelta(hours=13)
    client.phone = ANOTHER_PHONE
    await _confirm(client)
    assert value_of(await client.get(path_of("bill")), "account_number") == ""


def _whose(shown: httpx.Response) -> str:
    return shown.text.partition('data-whose="')[2].partition('"')[0]


@pytest.mark.parametrize("meanwhile", ["nothing", "signed in", "ended again", "swept"])
async def test_what_is_left_on_a_screen_goes_to_its_customer_alone(
    client: Browser, another_browser: Callable[..., Browser], clock: Clock, meanwhile: str
) -> None:
    """Another customer signs in in another tab of the same browser and presses «Войти» on the screen that was left."""
    path, typed = "/profile/security/email", {"email": "typed@example.org"}
    another = another_browser(phone=ANOTHER_PHONE)
    await another.register()
    await client.register()
    whose = _whose(await client.get(path))
    clock.now += _IDLE
    if meanwhile == "swept":
        await sessions.sweep(clock.now + timedelta(hours=1))
    elif meanwhile != "nothing":
        await client.sign_in(phone=ANOTHER_PHONE)
        assert _whose(await client.get(path)) not in ("", whose)
        clock.now += _IDLE if meanwhile == "ended again" else timedelta()
    answer = await client.post("/session/ended", {**typed, "next": path, "whose": whose})
    assert location(answer) == path
    if meanwhile != "signed in":
        await client.sign_in(phone=client.phone if meanwhile == "nothing" else ANOTHER_PHONE)
    assert value_of(await client.get(path), "email") == (typed["email"] if meanwhile == "nothing" else "")


async def test_what_was_typed_stays_where_the_session_goes_on(client: Browser) -> None:
    """The clock of the device was wrong, or another window has prolonged the session."""
    await client.register()
    path = "/profile/security/email"
    sent = {"email": "typed@example.org", "next": f"{path}?from=here", "whose": _whose(await client.get(path))}
    answer = await client.post("/session/ended", sent)
    assert answer.headers["location"] == sent["next"]
    assert value_of(await client.follow(answer), "email") == sent["email"]


@pytest.mark.parametrize("typed", [{}, {"email": "typed@example.org", "password": "secret", "code": "123456"}])
@pytest.mark.parametrize("next_", ["/profile/security/email", "//evil.example", "/\\evil", "", "https://evil.example/"])
async def test_the_way_back_after_the_end_stays_within(
    client: Browser, clock: Clock, next_: str, typed: dict[str, Any]
) -> None:
    await client.register()
    whose = _whose(await client.get("/profile/security"))
    clock.now += _IDLE
    answer = await client.post("/session/ended", {**typed, "next": next_, "whose": whose})
    own = next_.startswith("/p")
    assert location(answer) == (next_ if own else "/")
    assert location(await client.get(location(answer))) == "/" if own else True
    signed_in = await client.sign_in()
    assert location(signed_in) == (next_ if own else "/profile") or not own
    if own and typed:
        assert value_of(await client.get(next_), "email") == typed["email"]
