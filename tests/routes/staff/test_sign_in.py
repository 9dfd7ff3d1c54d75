"""How the staff get in: the link, password and second factor; what each of them is worth alone, twice and too late."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pyotp import TOTP

from db.engine import run
from domain.portal import Portal
from domain.staff import people
from domain.staff.people import Role
from tests import staff
from tests.browser import Browser, location
from tests.conftest import Clock, scope_of
from tests.screen import errors, fragment_of, words
from tests.staff import EMAIL, FACTOR, PASSWORD, SETUP, SIGN_IN

COOKIE = "kabinet-staff"
STEP = timedelta(seconds=30)
Another = Callable[..., Browser]


def cookie(browser: Browser) -> str:
    return browser.http.cookies.get(COOKIE) or ""


def use_cookie(browser: Browser, value: str) -> None:
    browser.http.cookies.clear()
    browser.http.cookies.set(COOKIE, value, domain="127.0.0.1")


async def test_the_link_leads_to_a_session_with_password_and_app(client: Browser, portal: Portal, clock: Clock) -> None:
    colleague = await staff.begin(client, portal, clock)
    page = await client.get("/staff/recovery-codes")
    codes = re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", page.text)
    assert len(set(codes)) == 10
    assert location(await client.post("/staff/recovery-codes")) == "/staff"
    assert location(await client.get("/staff/recovery-codes")) == "/staff/security", "they are shown once"
    assert fragment_of(await client.follow(await client.get("/staff"))) == "staff-requests"
    await client.post("/staff/sign-out")
    assert location(await client.get("/staff")) == SIGN_IN
    await colleague.sign_in()
    rows = await run("SELECT event, staff FROM staff_journal ORDER BY number")
    assert [row["event"] for row in rows] == ["staff-added", "staff-began", "staff-signed-out", "staff-signed-in"]
    assert [row["staff"] for row in rows] == [None, 1, 1, 1]


async def test_the_link_is_good_once_and_for_a_day(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock
) -> None:
    link = await staff.invite(portal, clock)
    clock.forward(hours=23, minutes=59)
    # Opening it, and even setting a password, uses nothing up: the first second factor does.
    other = another_browser()
    for browser in (other, client):
        assert location(await browser.get(link)) == SETUP
        assert location(await browser.post(SETUP, {"password": PASSWORD})) == "/staff/new-factor"
    app = TOTP(staff.secret_on((await client.get("/staff/new-factor")).text))
    of_other = TOTP(staff.secret_on((await other.get("/staff/new-factor")).text))
    assert location(await client.post("/staff/new-factor", {"code": app.at(clock())})) == "/staff/recovery-codes"
    assert location(await other.post("/staff/new-factor", {"code": of_other.at(clock())})) == SIGN_IN
    assert location(await other.get("/staff/security")) == SIGN_IN
    assert (await other.get(link)).status_code == 410
    assert (await other.post(SETUP, {"password": PASSWORD})).status_code == 410
    late = await staff.invite(portal, clock, "late@example.org")
    clock.forward(hours=24)
    assert (await other.get(late)).status_code == 410


async def test_a_password_that_breaks_the_rules_or_names_the_person_is_refused(
    client: Browser, portal: Portal, clock: Clock
) -> None:
    await client.open(await staff.invite(portal, clock))
    for password in ("", "короткий", "1234567890", f"тихий {EMAIL} вечер"):
        answer = await client.post(SETUP, {"password": password})
        assert answer.status_code == 422
        assert fragment_of(answer) == "staff-setup"
    assert "выполнено" in (await client.htmx(f"{SETUP}/conditions", {"password": "тихий сад"})).text


async def test_the_password_alone_opens_nothing(client: Browser, portal: Portal, clock: Clock) -> None:
    colleague = await staff.begin(client, portal, clock, role=Role.ADMIN)
    client.http.cookies.clear()
    assert location(await staff.give_password(client)) == FACTOR
    for path in ("/staff", "/staff/security", "/staff/people", "/staff/people/new", "/staff/recovery-codes",
                 "/staff/new-factor", "/staff/confirmation"):  # fmt: skip
        assert location(await client.get(path)) == SIGN_IN, path
    for path in ("/staff/new-factor", "/staff/security/app", "/staff/people/new", "/staff/recovery-codes"):
        assert location(await client.post(path, {"code": colleague.code()})) == SIGN_IN, path
    assert (await client.post("/staff/new-factor/options")).status_code == 403
    clock.forward(minutes=10)
    assert location(await client.post(FACTOR, {"code": colleague.code()})) == SIGN_IN, "it waits ten minutes"


async def test_a_code_is_good_once_and_for_its_time(client: Browser, portal: Portal, clock: Clock) -> None:
    colleague = await staff.begin(client, portal, clock)
    code = colleague.code()
    for _ in range(2):
        await staff.give_password(client)
        answer = await client.post(FACTOR, {"code": code})
    assert errors(answer) == ["Этот код уже использован. Дождитесь следующего."]
    clock.forward(seconds=30)
    await client.post(FACTOR, {"code": colleague.app.at(clock())})
    # An earlier step than that of the last code, whether or not it was used.
    earlier = colleague.app.at(clock() - STEP)
    await staff.give_password(client)
    assert errors(await client.post(FACTOR, {"code": earlier})) == ["Этот код уже использован. Дождитесь следующего."]
    clock.forward(minutes=2)
    old = colleague.app.at(clock() - 2 * STEP)
    assert errors(await client.post(FACTOR, {"code": old})) == ["Неверный код"]
    spaced = colleague.app.at(clock())
    assert location(await client.post(FACTOR, {"code": f" {spaced[:3]} {spaced[3:]} "})) == "/staff"


async def test_the_same_press_sent_again_is_led_on_and_another_is_not(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock
) -> None:
    colleague = await staff.begin(client, portal, clock)
    await staff.give_password(client)
    before, code = cookie(client), colleague.code()
    assert location(await client.post(FACTOR, {"code": code})) == "/staff"
    again = another_browser()
    use_cookie(again, before)
    assert location(await again.get("/staff/security")) == SIGN_IN
    assert location(await again.post(FACTOR, {"code": colleague.code()})) == SIGN_IN
    use_cookie(again, before)
    assert location(await again.post(FACTOR, {"code": code})) == "/staff"
    assert cookie(again) == cookie(client)
    clock.forward(minutes=2)
    late = another_browser()
    use_cookie(late, before)
    assert location(await late.post(FACTOR, {"code": code})) == SIGN_IN


async def test_the_cookie_changes_with_each_proof_and_an_invented_one_is_never_adopted(
    client: Browser, portal: Portal, clock: Clock
) -> None:
    colleague = await staff.begin(client, portal, clock)
    use_cookie(client, "planted")
    await staff.give_password(client)
    waiting = cookie(client)
    await client.post(FACTOR, {"code": colleague.code()})
    signed_in = cookie(client)
    await colleague.confirm()
    assert len({"planted", waiting, signed_in, cookie(client)}) == 4
    for former in ("planted", waiting, signed_in):
        use_cookie(client, former)
        assert location(await client.get("/staff/security")) == SIGN_IN


@pytest.mark.parametrize("right", ["password", "factor"])
async def test_wrong_tries_lock_for_a_quarter_of_an_hour(
    client: Browser, portal: Portal, clock: Clock, right: str
) -> None:
    colleague = await staff.begin(client, portal, clock)
    if right == "factor":
        await staff.give_password(client)
    for _ in range(5):
        if right == "password":
            answer = await staff.give_password(client, password="не тот пароль")
        else:
            answer = await client.post(FACTOR, {"code": "000000"})
        assert answer.status_code == 422
        assert errors(answer)
    assert any("Превышено число попыток" in error for error in errors(answer))
    path, form = (SIGN_IN, {"email": EMAIL, "password": PASSWORD})
    if right == "factor":
        # Counted for the person: another session with the right password is no way round.
        assert location(await client.post(path, form)) == FACTOR
        path, form = FACTOR, {"code": colleague.code()}
    assert (await client.post(path, form)).status_code == 422
    clock.forward(minutes=16)
    assert location(await staff.give_password(client)) == FACTOR
    assert location(await client.post(FACTOR, {"code": colleague.code()})) == "/staff"


async def test_known_and_unknown_addresses_get_the_same_answers(client: Browser, portal: Portal, clock: Clock) -> None:
    await staff.begin(client, portal, clock)
    await staff.invite(portal, clock, "invited@example.org")
    removed = await people.add(scope_of(portal, clock()), "removed@example.org", Role.ADMIN, None)
    assert removed is not None
    await people.remove(scope_of(portal, clock()), removed.id, None)
    client.http.cookies.clear()
    said: dict[str, list[Any]] = {}
    for email in (EMAIL, "invited@example.org", "removed@example.org", "nobody@example.org"):
        before = await run("SELECT count(*) AS n FROM journal")
        answers = [await staff.give_password(client, email, "не тот пароль") for _ in range(6)]
        noted = await run("SELECT count(*) AS n FROM journal")
        said[email] = [[(a.status_code, a.text.replace(email, "")) for a in answers], noted[0]["n"] - before[0]["n"]]
    first, *others = said.values()
    assert all(other[0] == first[0] for other in others)
    assert {other[1] for other in others} <= {0, 1}


async def test_recovery_codes_are_good_once_however_they_are_typed(
    client: Browser, portal: Portal, clock: Clock
) -> None:
    await staff.begin(client, portal, clock)
    page = await client.get("/staff/recovery-codes")
    first, second, *_ = re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", page.text)
    for typed in (first, f" {second.upper().replace('-', ' ')} "):
        await staff.give_password(client)
        assert location(await client.post(FACTOR, {"code": typed})) == "/staff"
    await staff.give_password(client)
    for used in (first, second, "abcde-fghjk"):
        assert errors(await client.post(FACTOR, {"code": used}))[0] == "Неверный код"
    stored = await run("SELECT code_hash FROM staff_recovery_codes")
    assert len(stored) == 8
    assert first not in str(stored)


async def test_a_session_ends_after_a_quarter_of_an_hour_or_after_eight_hours(
    client: Browser, portal: Portal, clock: Clock
) -> None:
    colleague = await staff.begin(client, portal, clock)
    clock.forward(minutes=14)
    assert fragment_of(await client.get("/staff/security")) == "staff-security"
    clock.forward(minutes=14)
    assert (await client.htmx("/staff/session", {}, at="/staff/security")).status_code == 200
    clock.forward(minutes=15, seconds=1)
    assert location(await client.get("/staff/security")) == SIGN_IN
    await colleague.sign_in()
    for _ in range(47):
        clock.forward(minutes=10)
        assert (await client.get("/staff/security")).status_code == 200
    clock.forward(minutes=10)
    assert location(await client.get("/staff/security")) == SIGN_IN


async def test_the_way_back_is_the_staffs_own(client: Browser, portal: Portal, clock: Clock) -> None:
    colleague = await staff.begin(client, portal, clock)
    wanted = {
        "/staff/security": "/staff/security",
        "/staff/security?x=1": "/staff/security?x=1",
        "/profile": "/staff",
        "//evil.example": "/staff",
        "/staff//evil.example": "/staff",
        "/staffx": "/staff",
        "/staff/../profile": "/staff",
        SIGN_IN: "/staff",
    }
    for given, end in wanted.items():
        await client.post("/staff/sign-out")
        await client.post(SIGN_IN, {"email": EMAIL, "password": PASSWORD, "next": given})
        answer = await client.post(FACTOR, {"code": colleague.code()})
        assert answer.headers["location"] == end, given


async def test_nothing_secret_of_the_staff_stands_in_the_database(
    client: Browser, portal: Portal, clock: Clock
) -> None:
    colleague = await staff.begin(client, portal, clock)
    tables = ("staff", "staff_links", "staff_sessions", "staff_recovery_codes", "staff_journal", "outbox", "throttles")
    kept = "".join([str(await run(f"SELECT * FROM {table}")) for table in tables])
    for secret in (EMAIL, PASSWORD, colleague.app.secret, cookie(client)):
        assert secret not in kept


async def test_pages_of_the_staff_say_who_is_signed_in_and_offer_no_customers_places(
    client: Browser, portal: Portal, clock: Clock
) -> None:
    await staff.begin(client, portal, clock)
    page = await client.get("/staff/security")
    assert EMAIL in words(page)
    assert "/profile" not in page.text
    assert 'action="/staff/session"' in page.text
