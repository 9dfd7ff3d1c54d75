"""«Сотрудники», roles, networks, and what changes who can get in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyotp import TOTP

from db.engine import run
from domain.portal import Portal
from domain.staff.people import Role
from tests import staff
from tests.browser import Browser, location
from tests.conftest import Clock, Posted
from tests.screen import errors, fragment_of, words
from tests.staff import PASSWORD, SETUP, SIGN_IN

PEOPLE = "/staff/people"
OF_ADMINS = [("GET", PEOPLE), ("GET", f"{PEOPLE}/new"), ("POST", f"{PEOPLE}/new"), ("GET", f"{PEOPLE}/1"),
             ("POST", f"{PEOPLE}/1/reset"), ("POST", f"{PEOPLE}/1/removal")]  # fmt: skip
Another = Callable[..., Browser]


async def test_an_operator_finds_nothing_of_the_admins(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock
) -> None:
    await staff.begin(another_browser(), portal, clock, "admin@example.org", Role.ADMIN)
    operator = await staff.begin(client, portal, clock)
    await operator.confirm()
    before = await run("SELECT * FROM staff ORDER BY id")
    for method, path in OF_ADMINS:
        answer = await client.http.request(method, path, data={"email": "new@example.org", "role": "admin"})
        assert answer.status_code == 404, path
    assert await run("SELECT * FROM staff ORDER BY id") == before
    assert PEOPLE not in (await client.get("/staff/security")).text


async def test_an_admin_adds_resets_and_removes_after_a_second_factor(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock, posted: Callable[[], Any]
) -> None:
    admin = await staff.begin(client, portal, clock, "admin@example.org", Role.ADMIN)
    asked = await client.get(f"{PEOPLE}/new")
    assert asked.headers["location"] == "/staff/confirmation?next=/staff/people/new"
    form = {"email": "New@Example.org", "role": "operator"}
    assert location(await client.post(f"{PEOPLE}/new", form)) == "/staff/confirmation"
    answer = await client.post("/staff/confirmation", {"code": admin.code(), "next": f"{PEOPLE}/new"})
    assert location(answer) == f"{PEOPLE}/new"
    shown = await client.follow(await client.post(f"{PEOPLE}/new", form))
    assert fragment_of(shown) == "staff-people"
    assert "Мы отправили ссылку для входа" in words(shown)
    assert errors(await client.post(f"{PEOPLE}/new", form)) == ["Этот сотрудник уже добавлен"]
    sent: list[Posted] = await posted()
    link = str(sent[-1].values["link"]).partition("8000")[2]
    other = another_browser()
    await other.get(link)
    await other.post(SETUP, {"password": PASSWORD})
    app = TOTP(staff.secret_on((await other.get("/staff/new-factor")).text))
    await other.post("/staff/new-factor", {"code": app.at(clock())})
    assert (await other.get("/staff/security")).status_code == 200
    await client.post(f"{PEOPLE}/2/reset")
    assert location(await other.get("/staff/security")) == SIGN_IN, "their sessions end"
    assert (await staff.give_password(other, "new@example.org")).status_code == 422
    link = str((await posted())[-1].values["link"]).partition("8000")[2]
    await client.post(f"{PEOPLE}/2/removal")
    assert (await other.get(link)).status_code == 410
    assert "new@example.org" not in words(await client.get(PEOPLE)).lower()
    for act in ("reset", "removal"):
        assert (await client.post(f"{PEOPLE}/2/{act}")).status_code in {303, 404}
        assert (await client.post(f"{PEOPLE}/1/{act}")).status_code == 404, "nobody shuts themselves out"
    clock.forward(minutes=6)
    assert location(await client.post(f"{PEOPLE}/new", {"email": "x@example.org"})) == "/staff/confirmation"


async def test_own_factors_change_after_a_second_factor_only(client: Browser, portal: Portal, clock: Clock) -> None:
    person = await staff.begin(client, portal, clock)
    await client.post("/staff/recovery-codes")
    before = await run("SELECT code_hash FROM staff_recovery_codes ORDER BY code_hash")
    acts = ("/staff/security/app", "/staff/security/recovery-codes", "/staff/security/passkeys/1/removal")
    for act in acts:
        assert location(await client.post(act)) == "/staff/confirmation", act
    assert location(await client.get("/staff/new-factor")) == "/staff/confirmation"
    assert await run("SELECT code_hash FROM staff_recovery_codes ORDER BY code_hash") == before
    await person.confirm()
    assert location(await client.post("/staff/security/app")) == "/staff/new-factor"
    app = TOTP(staff.secret_on((await client.get("/staff/new-factor")).text))
    assert app.secret != person.app.secret
    assert errors(await client.post("/staff/new-factor", {"code": person.code()})) == ["Неверный код"]
    assert location(await client.post("/staff/new-factor", {"code": app.at(clock())})) == "/staff/security"
    person.app = app
    await client.post("/staff/sign-out")
    await person.sign_in()
    await person.confirm()
    assert location(await client.post("/staff/security/recovery-codes")) == "/staff/recovery-codes"
    assert await run("SELECT code_hash FROM staff_recovery_codes ORDER BY code_hash") != before


async def test_a_customers_session_is_never_one_of_the_staff_and_the_other_way_round(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock
) -> None:
    await client.register()
    other = another_browser()
    await staff.begin(other, portal, clock)
    of_customer, of_staff = str(client.cookie), other.http.cookies.get("kabinet-staff") or ""
    for browser, name, value, path, end in (
        (another_browser(), "kabinet-staff", of_customer, "/staff/security", SIGN_IN),
        (another_browser(), "kabinet", of_staff, "/profile", "/"),
        (client, "", "", "/staff/security", SIGN_IN),
        (other, "", "", "/profile", "/"),
    ):
        if name:
            browser.http.cookies.set(name, value, domain="127.0.0.1")
        assert location(await browser.get(path)) == end
    # Both at one browser stay apart.
    client.http.cookies.set("kabinet-staff", of_staff, domain="127.0.0.1")
    assert (await client.get("/profile")).status_code == 200
    assert (await client.get("/staff/security")).status_code == 200
    await client.post("/staff/sign-out")
    assert (await client.get("/profile")).status_code == 200


@pytest.mark.parametrize("changed", [{"staff_networks": "10.1.0.0/16,2001:db8::/32"}])
async def test_from_other_networks_there_are_no_pages_of_the_staff(
    another_browser: Another, portal: Portal, clock: Clock, changed: dict[str, Any]
) -> None:
    link = await staff.invite(portal, clock)
    inside, inside6 = another_browser("10.1.2.3"), another_browser("2001:db8::7")
    assert {(await browser.get(SIGN_IN)).status_code for browser in (inside, inside6)} == {200}
    await staff.begin(inside, portal, clock, "inside@example.org")
    outside = another_browser("203.0.113.7")
    outside.http.cookies = inside.http.cookies
    for path in ("/staff", "/staff/", "/staff//security", SIGN_IN, "/staff/security", "/staff%2Fsign-in", link):
        assert (await outside.get(path)).status_code == 404, path
    assert (await outside.post(SIGN_IN, {"email": "a@example.org", "password": PASSWORD})).status_code == 404
    forged = await outside.get(SIGN_IN, headers={"X-Forwarded-For": "10.1.2.3"})
    assert forged.status_code == 404


PRODUCTION = {
    "mode": "production", "public_url": "https://kabinet.example.org", "mail_from": "k@example.org",
    "sms": ("http+kannel://u:p@127.0.0.1:9/cgi-bin/sendsms",), "mail": "smtp://127.0.0.1:9?tls=none",
    "staff_email": "s@example.org", "delivery": "separate",
}  # fmt: skip


@pytest.mark.parametrize("changed", [PRODUCTION])
async def test_in_production_the_cookie_is_bound_to_the_host(
    client: Browser, portal: Portal, clock: Clock, changed: dict[str, Any]
) -> None:
    link = (await staff.invite(portal, clock)).removeprefix("https://kabinet.example.org")
    await client.get(link)
    answer = await client.post(SETUP, {"password": PASSWORD})
    said = answer.headers["set-cookie"]
    assert said.startswith("__Host-kabinet-staff=")
    for attribute in ("HttpOnly", "Secure", "Path=/", "SameSite=lax"):
        assert attribute.lower() in said.lower()
    assert "max-age" not in said.lower()
