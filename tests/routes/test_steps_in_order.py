"""A step is taken only when every step before it holds now, in every journey: skipped or changed late alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from db.engine import run
from domain.passwords import Hasher
from domain.portal import Portal
from domain.refusals import WrongStep
from domain.registration import completion
from domain.registration.progress import REGISTRATION
from domain.scope import Client
from settings import Settings
from tests import holder
from tests.browser import BILL, PASSWORD, PHONE, REQUEST, STEPS, Browser, location, path_of
from tests.conftest import Clock, scope_of
from tests.holder import Outbox
from tests.routes.registration.account import step_test
from tests.screen import errors

VICTIM = "+7 900 765-43-21"
OTHER_BILL = {**BILL, "account_number": "7000000118"}
NEW = "осенний берег у моря"
MakeBrowser = Callable[..., Browser]
Come = Callable[[Browser], Awaitable[None]]
FORMS = {**{step: step_test(step).TYPED for step in STEPS}, "connection": REQUEST}


@pytest.fixture
def changed() -> dict[str, Any]:
    return {"captcha_code": holder.PICTURE}


# --- Registration by account: (first step that does not hold, how it came to that) ---


async def _nothing(client: Browser) -> None:
    await client.get("/")


async def _another_phone_late(client: Browser) -> None:
    await client.reach("password")
    await client.post(path_of("phone"), {"phone": VICTIM, "consent": "yes"})


async def _another_phone_after_the_miss(client: Browser) -> None:
    await client.reach("bill")
    await client.post(path_of("bill"), {**BILL, "amount": "1,00"})
    await client.post(path_of("phone"), {"phone": VICTIM, "consent": "yes"})


async def _another_phone_and_back(client: Browser) -> None:
    """The former number was confirmed once; it is not any more."""
    await _another_phone_late(client)
    await holder.clear_throttles()
    await client.submit("phone")


async def _a_wrong_bill_late(client: Browser) -> None:
    await client.reach("password")
    await client.post(path_of("bill"), {**BILL, "amount": "1,00"})


async def _no_to_the_address(client: Browser) -> None:
    await client.reach("password")
    await client.post(path_of("address"), {"answer": "no"})


async def _the_account_is_gone(client: Browser) -> None:
    await client.reach("password")
    await run("DELETE FROM bills WHERE account = (SELECT id FROM accounts WHERE number = '7000000111')")
    await run("DELETE FROM accounts WHERE number = '7000000111'")


async def _another_bill_late(client: Browser) -> None:
    await client.reach("password")
    await client.post(path_of("bill"), OTHER_BILL)


def _as_far_as(step: str) -> Come:
    async def come(client: Browser) -> None:
        await client.reach(step)

    return come


REGISTRATIONS: list[tuple[str, Come]] = [
    ("phone", _nothing),
    *((step, _as_far_as(step)) for step in STEPS[1:-1]),
    ("code", _another_phone_late),
    ("code", _another_phone_after_the_miss),
    ("code", _another_phone_and_back),
    ("bill", _no_to_the_address),
    ("address", _another_bill_late),
]


async def _made() -> list[int]:
    tables = ("customers", "customer_accounts", "connection_requests", "email_links")
    return [len(await run(f"SELECT id FROM {table}")) for table in tables]


@pytest.mark.parametrize(("missing", "come"), REGISTRATIONS, ids=lambda value: getattr(value, "__name__", value))
async def test_no_later_step_of_a_registration_is_taken(client: Browser, missing: str, come: Come) -> None:
    await come(client)
    for later in (*STEPS[STEPS.index(missing) + 1 :], "connection"):
        assert location(await client.post(path_of(later), FORMS[later])) == path_of(missing), later
        assert location(await client.get(path_of(later))) == path_of(missing), later
    assert await _made() == [0, 0, 0, 0]
    assert location(await client.get("/profile")) == "/"


def test_every_step_of_a_registration_is_left_out_above() -> None:
    """But for the last, behind which there is none."""
    assert {missing for missing, _ in REGISTRATIONS} == set(REGISTRATION.slugs[:-1])


class _HeldUp(Hasher):
    """Another step is sent again while the password is being hashed."""

    meanwhile: Awaitable[Any]

    async def hash(self, password: str) -> str:
        await self.meanwhile
        return await super().hash(password)


@pytest.mark.parametrize(
    ("step", "form", "missing"),
    [("phone", {"phone": VICTIM, "consent": "yes"}, "code"), ("bill", OTHER_BILL, "address")],
    ids=["phone", "bill"],
)
async def test_a_step_changed_while_the_password_is_hashed_makes_no_cabinet(
    client: Browser, portal: Portal, clock: Clock, step: str, form: dict[str, str], missing: str
) -> None:
    """The order is asked for again in the transaction that makes the customer."""
    await client.reach("password")
    caller = Client(client.cookie, "203.0.113.7", "Tests/1.0")
    hasher = _HeldUp()
    hasher.meanwhile = client.post(path_of(step), form)
    outcome = await completion.register(scope_of(replace(portal, hasher=hasher), clock(), caller), PASSWORD)
    assert isinstance(outcome, WrongStep)
    assert await _made() == [0, 0, 0, 0]
    assert await client.path_of_last_step() == path_of(missing)


async def test_a_wrong_bill_late_allows_a_request_and_no_registration(client: Browser) -> None:
    await _a_wrong_bill_late(client)
    for later in ("address", "person", "password"):
        assert location(await client.post(path_of(later), FORMS[later])) == path_of("bill"), later
    assert (await _made())[0] == 0


async def test_an_account_that_an_import_has_removed_is_asked_for_again(client: Browser) -> None:
    await _the_account_is_gone(client)
    assert location(await client.post(path_of("password"), FORMS["password"])) == path_of("bill")
    assert location(await client.get(path_of("password"))) == path_of("bill")
    assert await _made() == [0, 0, 0, 0]


async def test_a_phone_whose_code_was_never_typed_gets_no_cabinet(client: Browser, posted: Outbox) -> None:
    """The attacker's own phone, bill and name; then another person's number without its code, and the password."""
    await client.reach("password")
    assert location(await client.post(path_of("phone"), {"phone": VICTIM, "consent": "yes"})) == path_of("code")
    answer = await client.post(path_of("password"), {"password": PASSWORD})
    assert location(answer) == path_of("code")
    assert location(await client.get("/profile")) == "/"
    assert await run("SELECT id FROM customers") == []
    assert [message.name for message in await posted()] == ["registration-code"] * 2
    # Not even with the victim's code is anything left of what was proved under the other number.
    await client.post(path_of("code"), {"code": await client.read_code(VICTIM)})
    assert await client.path_of_last_step() == path_of("bill")


async def test_a_request_under_another_phone_is_another_request(client: Browser, posted: Outbox) -> None:
    await client.reach("bill")
    await client.post(path_of("bill"), {**BILL, "amount": "1,00"})
    await client.post(path_of("connection"), REQUEST)
    await client.post(path_of("phone"), {"phone": VICTIM, "consent": "yes"})
    assert location(await client.get(path_of("sent"))) == path_of("code")
    assert location(await client.post(path_of("connection"), REQUEST)) == path_of("code")


# --- Recovery ---


async def _begin(browser: Browser, phone: str = PHONE) -> None:
    await holder.clear_throttles()
    await browser.post("/sign-in/phone", {"phone": phone})
    await browser.post("/recovery")


async def _confirm(browser: Browser, phone: str = PHONE) -> None:
    await _begin(browser, phone)
    answer = await browser.post("/recovery/code", {"code": await browser.read_code(phone)})
    assert location(answer) == "/recovery/password"


async def _begun(browser: Browser) -> None:
    await _begin(browser)


async def _begun_anew(browser: Browser) -> None:
    await _confirm(browser)
    await _begin(browser)


async def _another_phone_of_the_recovery(browser: Browser) -> None:
    await _confirm(browser)
    await _begin(browser, VICTIM)


async def _login_only(browser: Browser) -> None:
    await browser.post("/recovery/login", {"login": "tk1001"})


async def _login_late(browser: Browser) -> None:
    await _confirm(browser)
    await browser.post("/recovery/login", {"login": "tk1001"})


async def _anothers_login_late(browser: Browser) -> None:
    """The attacker's own code, and then another person's login with the attacker's number."""
    await _login_late(browser)
    await holder.clear_throttles()
    await browser.post("/recovery/phone", {"phone": PHONE})


@pytest.mark.parametrize(
    ("place", "come"),
    [
        ("/sign-in/phone", _nothing),
        ("/recovery/code", _begun),
        ("/recovery/code", _begun_anew),
        ("/recovery/code", _another_phone_of_the_recovery),
        ("/recovery/phone", _login_only),
        ("/recovery/phone", _login_late),
        ("/recovery/code", _anothers_login_late),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
async def test_no_password_is_recovered_before_its_code(
    client: Browser,
    another_browser: MakeBrowser,
    settings: Settings,
    clock: Clock,
    posted: Outbox,
    place: str,
    come: Come,
) -> None:
    await another_browser().register()
    await another_browser(phone=VICTIM).register()
    await holder.import_card(settings, clock)
    await holder.get_sms_password(another_browser(), posted)
    before = await run("SELECT id, password_hash, credentials FROM customers ORDER BY id")
    await come(client)
    answer = await client.follow(await client.post("/recovery/password", {"password": NEW}))
    assert answer.request.url.path == place
    assert await run("SELECT id, password_hash, credentials FROM customers ORDER BY id") == before


async def test_the_code_of_another_login_proves_nothing_and_stays_good(
    client: Browser, another_browser: MakeBrowser, settings: Settings, clock: Clock
) -> None:
    await client.register()
    await holder.import_card(settings, clock)
    asked, mixed = another_browser(), another_browser()
    await _begin(asked)
    await _anothers_login(mixed)
    code = {"code": await client.read_code(PHONE)}
    assert errors(await mixed.post("/recovery/code", code)) == ["Код не соответствует полученному в СМС"]
    assert location(await asked.post("/recovery/code", code)) == "/recovery/password"


async def _anothers_login(browser: Browser) -> None:
    await holder.clear_throttles()
    await browser.post("/recovery/login", {"login": "tk1001"})
    await browser.post("/recovery/phone", {"phone": PHONE})


# --- The signed-in journeys ---


async def test_no_phone_is_changed_before_its_own_code(client: Browser) -> None:
    await client.register()
    path = "/profile/security/phone"
    before = await run("SELECT phone_hash FROM customers")
    assert location(await client.post(f"{path}/code", {"code": "000000"})) == "/profile/security"
    await client.post(path, {"phone": "8 900 111-22-33"})
    code = await client.read_code("8 900 111-22-33")
    await client.post(path, {"phone": VICTIM})
    if code != await client.read_code(VICTIM):
        assert (await client.post(f"{path}/code", {"code": code})).status_code == 422
    assert await run("SELECT phone_hash FROM customers") == before


async def test_the_password_of_the_card_track_needs_the_sign_in_by_sms(client: Browser) -> None:
    path = "/registration/card/password"
    assert location(await client.post(path, {"password": NEW})) == "/"
    await client.register()
    before = await run("SELECT password_hash FROM customers")
    assert (await client.follow(await client.post(path, {"password": NEW}))).request.url.path == "/profile"
    assert await run("SELECT password_hash FROM customers") == before
