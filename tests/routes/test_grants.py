"""What was granted is void once the password or the phone has changed or the cabinet is gone, and soon ends by itself.

Each grant is made in a browser or a mailbox that may not be the owner's, each change by the owner.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from db.engine import run
from settings import Settings
from tests import holder
from tests.browser import ANOTHER, PASSWORD, PHONE, Browser, location
from tests.conftest import Clock
from tests.holder import Outbox
from tests.screen import errors, words

BASE = "/profile/security"
NEW, THIEVES = "осенний берег у моря", "пароль похитителя 42"
NEW_PHONE, THIEVES_PHONE = "8 900 111-22-33", "8 900 111-22-44"
EXPIRED = "Срок действия кода истек. Запросите новый"
WRONG = "Код не соответствует полученному в СМС"
INVALID = "Ссылка недействительна или уже использована"
MakeBrowser = Callable[..., Browser]


@dataclass
class Scene:
    """The owner is signed in; so is the thief, at a device where the owner's session stands open."""

    owner: Browser
    thief: Browser
    elsewhere: Browser
    posted: Outbox


@pytest.fixture
def changed() -> dict[str, Any]:
    return {"captcha_code": holder.PICTURE}


@pytest.fixture
async def scene(
    client: Browser, another_browser: MakeBrowser, settings: Settings, clock: Clock, posted: Outbox
) -> Scene:
    await holder.import_card(settings, clock)
    await client.register()
    thief = another_browser("198.51.100.9")
    await thief.sign_in()
    return Scene(client, thief, another_browser("198.51.100.10"), posted)


# --- Changes of the credentials, by the owner ---


async def by_profile(scene: Scene) -> None:
    assert location(await scene.owner.post(f"{BASE}/password", {"current_password": PASSWORD, "password": NEW})) == BASE


async def by_recovery(scene: Scene) -> None:
    await _begin_recovery(scene.elsewhere)
    await scene.elsewhere.post("/recovery/code", {"code": await scene.owner.read_code(PHONE)})
    assert location(await scene.elsewhere.post("/recovery/password", {"password": NEW})) == "/sign-in/password"


async def by_phone(scene: Scene) -> None:
    await holder.clear_throttles()
    await scene.owner.post(f"{BASE}/phone", {"phone": NEW_PHONE})
    code = await scene.owner.read_code(NEW_PHONE)
    assert location(await scene.owner.post(f"{BASE}/phone/code", {"code": code})) == BASE


async def by_deletion(scene: Scene) -> None:
    assert location(await scene.owner.post("/profile/deletion", {"password": PASSWORD})) == "/"


# --- Grants: made before the change, and tried after it ---


async def _begin_recovery(browser: Browser) -> None:
    await holder.clear_throttles()
    await browser.post("/sign-in/phone", {"phone": PHONE})
    assert location(await browser.post("/recovery")) == "/recovery/code"


Try = Callable[[str], Awaitable[None]]


async def confirmed_recovery(scene: Scene, stranger: Browser) -> Try:
    await _begin_recovery(stranger)
    answer = await stranger.post("/recovery/code", {"code": await scene.owner.read_code(PHONE)})
    assert location(answer) == "/recovery/password"

    async def attempt(change: str) -> None:
        refused = await stranger.follow(await stranger.post("/recovery/password", {"password": THIEVES}))
        if change == "by_deletion":
            assert "Сеанс завершен. Начните заново" in words(refused)
            return
        assert refused.request.url.path == "/recovery/code"
        assert errors(refused) == [EXPIRED]
        # And not at the second attempt either.
        again = await stranger.follow(await stranger.post("/recovery/password", {"password": THIEVES}))
        assert again.request.url.path == "/recovery/code"

    return attempt


async def code_under_way(scene: Scene, stranger: Browser) -> Try:
    """A stranger who holds the SIM card of the former number."""
    await _begin_recovery(stranger)
    code = await scene.owner.read_code(PHONE)

    async def attempt(change: str) -> None:
        if change == "by_recovery":
            # The owner's recovery began after it: the code typed there has used up both.
            assert errors(await stranger.post("/recovery/code", {"code": code})) in ([EXPIRED], [WRONG])
            return
        refused = await stranger.post("/recovery/code", {"code": code})
        assert errors(refused) == [EXPIRED]

    return attempt


async def fresh_password(scene: Scene, stranger: Browser) -> Try:
    async def attempt(change: str) -> None:
        for path in (f"{BASE}/password", f"{BASE}/email", f"{BASE}/phone", "/profile/data"):
            place = location(await scene.thief.get(path))
            assert place == (f"{BASE}/confirmation" if change == "by_phone" else "/")
        refused = await scene.thief.post(f"{BASE}/password", {"current_password": PASSWORD, "password": THIEVES})
        assert location(refused) in {f"{BASE}/confirmation", "/"}
        refused = await scene.thief.post(f"{BASE}/email", {"email": "thief@example.org"})
        assert location(refused) in {f"{BASE}/confirmation", "/"}
        assert "thief@example.org" not in [message.to for message in await scene.posted()]

    return attempt


async def begun_phone_change(scene: Scene, stranger: Browser) -> Try:
    await scene.thief.post(f"{BASE}/phone", {"phone": THIEVES_PHONE})
    code = await scene.thief.read_code(THIEVES_PHONE)

    async def attempt(change: str) -> None:
        refused = await scene.thief.post(f"{BASE}/phone/code", {"code": code})
        if change == "by_phone":
            assert errors(refused) == [EXPIRED]
            assert location(await scene.thief.post(f"{BASE}/phone/code", ANOTHER)) == f"{BASE}/confirmation"
        else:
            assert location(refused) == "/"

    return attempt


async def _link_is_void(browser: Browser, link: str) -> None:
    for answer in (await browser.get(link), await browser.post(link)):
        assert answer.status_code == 410
        assert INVALID in words(answer)


async def email_change(scene: Scene, stranger: Browser) -> Try:
    await scene.thief.post(f"{BASE}/email", {"email": "thief@example.org"})
    link = await holder.newest_link(scene.posted, "email-change")

    async def attempt(change: str) -> None:
        await _link_is_void(stranger, link)

    return attempt


async def first_confirmation(scene: Scene, stranger: Browser) -> Try:
    link = await holder.newest_link(scene.posted, "email-confirmation")

    async def attempt(change: str) -> None:
        await _link_is_void(stranger, link)

    return attempt


async def card_addition(scene: Scene, stranger: Browser) -> Try:
    await scene.thief.post("/profile/cards/new", holder.CARD)
    link = await holder.newest_link(scene.posted, "card-addition")

    async def attempt(change: str) -> None:
        if change == "by_deletion":
            assert await run("SELECT id FROM card_links") == []
            return
        await stranger.sign_in(PASSWORD if change == "by_phone" else NEW, NEW_PHONE if change == "by_phone" else PHONE)
        await _link_is_void(stranger, link)
        assert await run("SELECT id FROM customer_holders") == []

    return attempt


GRANTS = [
    confirmed_recovery, code_under_way, fresh_password, begun_phone_change,
    email_change, first_confirmation, card_addition,
]  # fmt: skip
CHANGES = [by_profile, by_recovery, by_phone, by_deletion]


async def _credentials() -> list[Any]:
    return [
        dict(row)
        for row in await run("SELECT phone_hash, password_hash, email_hash, email_confirmed_at FROM customers")
    ]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("grant", GRANTS, ids=lambda grant: grant.__name__)
async def test_a_grant_ends_with_the_credentials_it_was_given_under(
    scene: Scene,
    another_browser: MakeBrowser,
    grant: Callable[[Scene, Browser], Awaitable[Try]],
    change: Callable[[Scene], Awaitable[None]],
) -> None:
    attempt = await grant(scene, another_browser("198.51.100.11"))
    await change(scene)
    after = await _credentials()
    await attempt(change.__name__)
    assert await _credentials() == after


@pytest.mark.parametrize("grant", GRANTS, ids=lambda grant: grant.__name__)
async def test_a_grant_is_good_until_then(
    scene: Scene, another_browser: MakeBrowser, grant: Callable[[Scene, Browser], Awaitable[Try]]
) -> None:
    """What the table above relies on: without a change none of the attempts is refused."""
    attempt = await grant(scene, another_browser("198.51.100.11"))
    with pytest.raises(AssertionError):
        await attempt("by_phone")


# --- They end by themselves ---


@pytest.mark.parametrize(("minutes", "good"), [(9, True), (10, False)])
async def test_a_confirmed_recovery_sets_a_password_for_ten_minutes(
    scene: Scene, another_browser: MakeBrowser, clock: Clock, minutes: int, good: bool
) -> None:
    stranger = another_browser("198.51.100.11")
    await confirmed_recovery(scene, stranger)
    clock.forward(minutes=minutes)
    shown = await stranger.follow(await stranger.get("/recovery/password"))
    assert shown.request.url.path == ("/recovery/password" if good else "/recovery/code")
    assert errors(shown) == ([] if good else [EXPIRED])
    saved = await stranger.post("/recovery/password", {"password": NEW})
    assert location(saved) == ("/sign-in/password" if good else "/recovery/code")
    if not good:
        # A new code leads on from here.
        assert location(await stranger.post("/recovery/code", ANOTHER)) == "/recovery/code"
        answer = await stranger.post("/recovery/code", {"code": await scene.owner.read_code(PHONE)})
        assert location(answer) == "/recovery/password"


@pytest.mark.parametrize("changed", [{"captcha_code": holder.PICTURE, "code_lifetime": 3600}])
@pytest.mark.parametrize(("minutes", "good"), [(9, True), (10, False)])
async def test_a_phone_change_that_was_begun_is_finished_within_ten_minutes(
    scene: Scene, clock: Clock, minutes: int, good: bool, changed: dict[str, Any]
) -> None:
    await scene.owner.post(f"{BASE}/phone", {"phone": NEW_PHONE})
    clock.forward(minutes=minutes)
    answer = await scene.owner.post(f"{BASE}/phone/code", {"code": await scene.owner.read_code(NEW_PHONE)})
    if good:
        assert location(answer) == BASE
        return
    assert errors(answer) == [EXPIRED]
    # The way on: the password, then another code to the same number.
    clock.forward(minutes=1)
    asked = await scene.owner.post(f"{BASE}/phone/code", ANOTHER)
    assert asked.headers["location"] == f"{BASE}/confirmation?next={BASE}/phone/code"
    await scene.owner.post(f"{BASE}/confirmation", {"password": PASSWORD, "next": f"{BASE}/phone/code"})
    assert location(await scene.owner.post(f"{BASE}/phone/code", ANOTHER)) == f"{BASE}/phone/code"
    answer = await scene.owner.post(f"{BASE}/phone/code", {"code": await scene.owner.read_code(NEW_PHONE)})
    assert location(answer) == BASE


async def test_a_change_of_phone_does_not_ask_for_the_password_again_at_once(scene: Scene, clock: Clock) -> None:
    await by_phone(scene)
    assert (await scene.owner.get("/profile/data")).status_code == 200
    clock.forward(minutes=10, seconds=1)
    assert location(await scene.owner.get("/profile/data")) == f"{BASE}/confirmation"


# --- The card track ---


async def _due(browser: Browser, posted: Outbox) -> None:
    assert location(await holder.sign_in(browser, await holder.get_sms_password(browser, posted))) == (
        "/registration/card/password"
    )


async def test_ones_own_first_password_voids_a_recovery_and_a_link_of_before(
    client: Browser, another_browser: MakeBrowser, settings: Settings, clock: Clock, posted: Outbox
) -> None:
    await holder.import_card(settings, clock)
    await _due(client, posted)
    stranger = another_browser("198.51.100.11")
    await holder.clear_throttles()
    await stranger.post("/recovery/login", {"login": holder.LOGIN})
    await stranger.post("/recovery/phone", {"phone": holder.PHONE})
    code = await client.read_code(holder.PHONE)
    assert location(await stranger.post("/recovery/code", {"code": code})) == "/recovery/password"
    link = await holder.ask_for_link(stranger, posted)
    assert location(await client.post("/registration/card/password", {"password": PASSWORD})) == "/profile"
    before = await _credentials()
    refused = await stranger.follow(await stranger.post("/recovery/password", {"password": THIEVES}))
    assert (refused.request.url.path, errors(refused)) == ("/recovery/code", [EXPIRED])
    told: httpx.Response = await holder.give_phone(stranger, link)
    assert location(told) == "/registration/card/registered"
    assert await _credentials() == before


async def test_another_sms_password_voids_the_recovery_of_before(
    client: Browser, another_browser: MakeBrowser, settings: Settings, clock: Clock, posted: Outbox
) -> None:
    await holder.import_card(settings, clock)
    await holder.get_sms_password(client, posted)
    stranger = another_browser("198.51.100.11")
    await holder.clear_throttles()
    await stranger.post("/sign-in/phone", {"phone": holder.PHONE})
    await stranger.post("/recovery")
    await stranger.post("/recovery/code", {"code": await client.read_code(holder.PHONE)})
    await holder.clear_throttles()
    await holder.get_sms_password(client, posted)
    before = await _credentials()
    refused = await stranger.follow(await stranger.post("/recovery/password", {"password": THIEVES}))
    assert refused.request.url.path == "/recovery/code"
    assert await _credentials() == before


async def test_another_sms_password_ends_the_session_of_the_former_one(
    client: Browser, another_browser: MakeBrowser, settings: Settings, clock: Clock, posted: Outbox
) -> None:
    """A stranger who has read the first SMS may be on the page that asks for a password of one's own."""
    await holder.import_card(settings, clock)
    thief = another_browser("198.51.100.9")
    assert location(await holder.sign_in(thief, await holder.get_sms_password(client, posted))) == (
        "/registration/card/password"
    )
    await holder.clear_throttles()
    password = await holder.get_sms_password(client, posted)
    before = await _credentials()
    assert location(await thief.post("/registration/card/password", {"password": THIEVES})) == "/"
    assert await _credentials() == before
    assert location(await holder.sign_in(client, password)) == "/registration/card/password"
    assert location(await client.post("/registration/card/password", {"password": PASSWORD})) == "/profile"


async def test_another_sms_password_voids_a_recovery_code_under_way(
    client: Browser, another_browser: MakeBrowser, settings: Settings, clock: Clock, posted: Outbox
) -> None:
    await holder.import_card(settings, clock)
    await holder.get_sms_password(client, posted)
    stranger = another_browser("198.51.100.11")
    await stranger.post("/recovery/login", {"login": holder.LOGIN})
    await stranger.post("/recovery/phone", {"phone": holder.PHONE})
    code = await client.read_code(holder.PHONE)
    await holder.clear_throttles()
    await holder.get_sms_password(client, posted)
    assert errors(await stranger.post("/recovery/code", {"code": code})) == [EXPIRED]


# --- Another customer at the same browser, after one who was deleted ---


async def test_the_next_customer_inherits_no_grant(scene: Scene, another_browser: MakeBrowser, posted: Outbox) -> None:
    """A confirmed recovery names its customer by number: the next one to register must have another."""
    stranger = another_browser("198.51.100.11")
    await confirmed_recovery(scene, stranger)
    await by_deletion(scene)
    await holder.clear_throttles()
    await another_browser("198.51.100.12", phone=NEW_PHONE).register()
    before = await _credentials()
    refused = await stranger.follow(await stranger.post("/recovery/password", {"password": THIEVES}))
    assert "Сеанс завершен. Начните заново" in words(refused)
    assert await _credentials() == before


# --- What a grant shows ---


async def _is_about(browser: Browser, guess: str) -> bool:
    """Whether the rules that tick off while a password is typed say that `guess` is the customer's."""
    rules = words(await browser.post("/recovery/password/conditions", {"password": guess}))
    return "не содержит ваш телефон, имя и почту: не выполнено" in rules


async def by_time(scene: Scene) -> None:
    """Nothing changes: only ten minutes pass."""


async def by_its_own_use(scene: Scene) -> None:
    assert location(await scene.elsewhere.post("/recovery/password", {"password": NEW})) == "/sign-in/password"


@pytest.mark.parametrize("change", [*CHANGES, by_time, by_its_own_use], ids=lambda change: change.__name__)
async def test_a_grant_that_has_ended_says_nothing_of_its_customer(
    scene: Scene, another_browser: MakeBrowser, clock: Clock, change: Callable[[Scene], Awaitable[None]]
) -> None:
    """The rules tell whether a password holds name, e-mail or phone: a guess of any of them could be tested."""
    stranger = another_browser("198.51.100.11")
    await confirmed_recovery(scene, stranger)
    guesses = ("Иванова 2036 года", "письмо ivanova@example.org", "номер 89001112233")
    assert [await _is_about(stranger, guess) for guess in guesses] == [True, True, False]
    if change is by_its_own_use:
        scene.elsewhere = stranger
    await change(scene)
    clock.forward(minutes=10 if change is by_time else 0)
    assert [await _is_about(stranger, guess) for guess in guesses] == [False, False, False]
    # Nor does the form itself.
    assert "не выполнено" not in words(await stranger.post("/recovery/password", {"password": guesses[2]}))
