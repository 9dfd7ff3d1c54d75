"""A person of the staff: from the link to the second factor, as far as a test needs."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx
from pyotp import TOTP

from domain.portal import Portal
from domain.staff import people
from domain.staff.people import Role
from tests.browser import BASE, Browser, location
from tests.conftest import Clock, scope_of

EMAIL, PASSWORD = "petrova@example.org", "старый сад у пруда"
SETUP, FACTOR, SIGN_IN = "/staff/setup", "/staff/factor", "/staff/sign-in"


@dataclass
class Colleague:
    """Who signs in by `browser`; `app` makes the codes."""

    browser: Browser
    clock: Clock
    email: str
    app: TOTP

    def code(self) -> str:
        """A code that was not used before: the app waits for the next one."""
        self.clock.forward(seconds=30)
        return self.app.at(self.clock())

    async def sign_in(self, browser: Browser | None = None) -> None:
        browser = browser or self.browser
        assert location(await give_password(browser, self.email)) == FACTOR
        assert location(await browser.post(FACTOR, {"code": self.code()})) == "/staff"

    async def confirm(self) -> None:
        assert location(await self.browser.post("/staff/confirmation", {"code": self.code()})) == "/staff"


async def invite(portal: Portal, clock: Clock, email: str = EMAIL, role: Role = Role.OPERATOR) -> str:
    """The path of a new person's link."""
    invited = await people.add(scope_of(portal, clock()), email, role, None)
    assert invited is not None
    return invited.link.removeprefix(BASE)


async def give_password(browser: Browser, email: str = EMAIL, password: str = PASSWORD) -> httpx.Response:
    return await browser.post(SIGN_IN, {"email": email, "password": password})


def secret_on(html: str) -> str:
    found = re.search(r'translate="no">([A-Z2-7 ]+)<', html)
    assert found
    return found[1].replace(" ", "")


async def begin(
    browser: Browser, portal: Portal, clock: Clock, email: str = EMAIL, role: Role = Role.OPERATOR
) -> Colleague:
    """Through the link to the page of the staff; an app is the second factor."""
    assert location(await browser.get(await invite(portal, clock, email, role))) == SETUP
    assert location(await browser.post(SETUP, {"password": PASSWORD})) == "/staff/new-factor"
    app = TOTP(secret_on((await browser.get("/staff/new-factor")).text))
    colleague = Colleague(browser, clock, email, app)
    assert location(await browser.post("/staff/new-factor", {"code": colleague.code()})) == "/staff/recovery-codes"
    return colleague
