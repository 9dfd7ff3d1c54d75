"""The one cookie: no row before the first proof, another id after every proof, and no read that sets or takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from litestar import Litestar

from db.engine import run
from domain.portal import Portal
from routes.return_to import keep
from settings import Settings
from tests import holder
from tests.browser import ANOTHER, COOKIE, PASSWORD, PHONE, Browser, location, path_of
from tests.conftest import Clock, scope_of
from tests.holder import Outbox
from tests.routes.test_password_due import _addresses
from tests.screen import errors, value_of, words

BASE = "/profile/security"
NEW, NEW_PHONE = "осенний берег у моря", "8 900 111-22-33"
EXPIRED = "Срок действия кода истек. Запросите новый"
PRESSES = 8
MakeBrowser = Callable[..., Browser]


@pytest.fixture
def changed() -> dict[str, Any]:
    return {"captcha_code": holder.PICTURE}


def _with(browser: Browser, cookie: str | None) -> Browser:
    browser.http.cookies.clear()
    if cookie is not None:
        browser.http.cookies.set(COOKIE, cookie, domain="127.0.0.1")  # as the portal's own
    return browser


# --- Before the first proof ---


async def test_a_flood_of_first_steps_leaves_no_session(another_browser: MakeBrowser) -> None:
    for n in range(20):
        browser = another_browser(f"203.0.113.{n}")
        phone = {"phone": f"+7 912 345-67-{n:02d}"}
        await browser.post("/sign-in/phone", phone)
        await browser.post("/recovery")
        await browser.post("/recovery/login", {"login": "nobody"})
        await browser.post("/recovery/phone", phone)
        await browser.post(path_of("phone"), {**phone, "consent": "yes"})
        await browser.post(path_of("code"), {"code": "000000"})
        await browser.post(path_of("code"), ANOTHER)
        await browser.post("/session")
    assert await run("SELECT id FROM sessions") == []
    assert await run("SELECT id FROM consents") == []


async def test_what_was_given_lives_in_the_cookie_and_idles_out(client: Browser, clock: Clock) -> None:
    await client.reach("code")
    clock.forward(minutes=29)
    assert location(await client.post("/session")) == "/"  # «Продолжить»
    clock.forward(minutes=29)
    assert (await client.get(path_of("code"))).status_code == 200
    clock.forward(minutes=1)
    shown = await client.follow(await client.get(path_of("code")))
    assert "Сеанс завершен. Начните заново" in words(shown)
    assert shown.request.url.path == path_of("phone")


async def test_it_ends_at_last_however_often_it_is_used(client: Browser, clock: Clock) -> None:
    await client.reach("code")
    for _ in range(24):
        clock.forward(minutes=29)
        await client.post("/session")
    assert (await client.get(path_of("code"))).status_code == 200
    clock.forward(minutes=24)
    assert location(await client.get(path_of("code"))) == path_of("phone")


async def test_a_value_sealed_for_something_else_is_no_session(
    client: Browser, clock: Clock, portal: Portal, settings: Settings
) -> None:
    picture = value_of(await client.get("/registration/card/card"), "picture")
    typed = {"session": "x", "ends_at": "x", "idle_until": "x"}
    return_to = str(keep(scope_of(portal, clock()), "/profile", typed, 1).value)
    kept = portal.sealing.seal({"registration": {"phone": "+79123456789", "phone_confirmed": True}})
    for value in (str(picture), return_to, kept, "", "x", "s.", "\u0444", "a" * 3000):
        for cookie in (value, f"s.{value}"):
            header = {"Cookie": f"{COOKIE}={cookie}".encode()}
            answer = await client.http.get(path_of("code"), headers=header)  # type: ignore[arg-type]
            assert location(answer) == path_of("phone"), cookie
            answer = await client.http.get("/profile", headers=header)  # type: ignore[arg-type]
            assert location(answer) == "/", cookie


async def test_the_cookie_tells_nobody_whether_a_number_is_known(client: Browser, another_browser: MakeBrowser) -> None:
    await client.register()
    lengths = []
    for phone in (PHONE, "+7 912 345-67-90"):
        await holder.clear_throttles()
        browser = another_browser()
        await browser.post("/sign-in/phone", {"phone": phone})
        await browser.post("/recovery")
        lengths.append(len(str(browser.cookie)))
        assert "912" not in str(browser.cookie)
    assert lengths[0] == lengths[1]


# --- Reads ---


@pytest.mark.parametrize("kind", ["dead", "unproved", "signed in", "invented"])
async def test_no_read_sets_or_takes_the_cookie(client: Browser, app: Litestar, clock: Clock, kind: str) -> None:
    if kind == "unproved":
        await client.reach("code")
    elif kind == "invented":
        client.http.cookies.set(COOKIE, "invented")
    else:
        await client.register()
    if kind == "dead":
        clock.forward(minutes=31)
    for method, path in _addresses(app):
        if method == "GET":
            for read in (client.http.get, client.http.head):
                answer = await read(path)
                set_cookies = answer.headers.get_list("set-cookie")
                assert not any(cookie.startswith(f"{COOKIE}=") for cookie in set_cookies), path


async def test_a_late_answer_to_a_read_signs_nobody_out(client: Browser, clock: Clock) -> None:
    """A page was asked for with the former cookie, and its answer comes after that to the sign-in."""
    await client.register()
    clock.forward(minutes=31)
    dead = str(client.cookie)
    await client.sign_in()
    late = await client.http.get("/", headers={"Cookie": f"{COOKIE}={dead}"})
    assert COOKIE not in late.headers.get("set-cookie", "")
    assert (await client.get("/profile")).status_code == 200


async def test_a_dead_cookie_is_told_and_leads_round_in_no_circle(client: Browser, clock: Clock) -> None:
    await client.register()
    clock.forward(minutes=31)
    for path in ("/profile", BASE, path_of("person"), "/recovery/code", "/recovery/password", "/sign-in/password"):
        for _ in range(2):
            assert "Сеанс завершен. Начните заново" in words(await client.follow(await client.get(path))), path
    assert location(await client.sign_in()) == BASE  # where they were going


async def test_only_who_asks_for_it_loses_the_cookie(client: Browser, another_browser: MakeBrowser) -> None:
    await client.register()
    for _ in range(2):
        other = another_browser()
        await other.sign_in()
    (this,) = await run("SELECT max(id) AS id FROM sessions")
    assert location(await other.post(f"{BASE}/devices/{this['id']}/end")) == "/"
    assert other.cookie is None
    await other.sign_in()
    await other.post("/sign-out")
    assert other.cookie is None
    await client.post("/profile/deletion", {"password": PASSWORD})
    assert client.cookie is None


# --- Proofs ---


@dataclass
class Proof:
    """A request that proves something; `restricted` is what its session may see afterwards."""

    path: str
    form: dict[str, str]
    restricted: str
    leads_to: str


async def registration(browser: Browser, owner: Browser) -> Proof:
    await browser.reach("code")
    return Proof(path_of("code"), {"code": await browser.read_code(PHONE)}, path_of("bill"), path_of("bill"))


async def another_phone_of_a_registration(browser: Browser, owner: Browser) -> Proof:
    await browser.reach("password")
    browser.phone = NEW_PHONE
    await browser.submit("phone")
    return Proof(path_of("code"), {"code": await browser.read_code(NEW_PHONE)}, path_of("bill"), path_of("bill"))


async def known_phone(browser: Browser, owner: Browser) -> Proof:
    await owner.register()
    await holder.clear_throttles()
    return await _at_sign_in(await registration(browser, owner))


async def _at_sign_in(proof: Proof) -> Proof:
    return Proof(proof.path, proof.form, "/sign-in/password", "/sign-in/password")


async def recovery(browser: Browser, owner: Browser) -> Proof:
    await owner.register()
    await holder.clear_throttles()
    await browser.post("/sign-in/phone", {"phone": PHONE})
    await browser.post("/recovery")
    code = {"code": await browser.read_code(PHONE)}
    return Proof("/recovery/code", code, "/recovery/password", "/recovery/password")


async def recovery_in_a_registration(browser: Browser, owner: Browser) -> Proof:
    """The session has a row already: another phone was confirmed in it."""
    await owner.register()
    browser.phone = NEW_PHONE
    await browser.reach("bill")
    browser.phone = PHONE
    return await recovery_begun(browser)


async def recovery_begun(browser: Browser) -> Proof:
    await holder.clear_throttles()
    await browser.post("/sign-in/phone", {"phone": PHONE})
    await browser.post("/recovery")
    code = {"code": await browser.read_code(PHONE)}
    return Proof("/recovery/code", code, "/recovery/password", "/recovery/password")


async def phone_change(browser: Browser, owner: Browser) -> Proof:
    await owner.register()
    await browser.sign_in()
    await browser.post(f"{BASE}/phone", {"phone": NEW_PHONE})
    return Proof(f"{BASE}/phone/code", {"code": await browser.read_code(NEW_PHONE)}, "/profile", BASE)


async def password_again(browser: Browser, owner: Browser) -> Proof:
    await owner.register()
    await browser.sign_in()
    form = {"password": PASSWORD, "next": "/profile/data"}
    return Proof(f"{BASE}/confirmation", form, "/profile/data", "/profile/data")


async def new_password(browser: Browser, owner: Browser) -> Proof:
    await owner.register()
    await browser.sign_in()
    return Proof(f"{BASE}/password", {"current_password": PASSWORD, "password": NEW}, "/profile", BASE)


PROOFS = [
    registration, another_phone_of_a_registration, known_phone, recovery, recovery_in_a_registration,
    phone_change, password_again, new_password,
]  # fmt: skip
ROWS = [proof for proof in PROOFS if proof not in {registration, known_phone, recovery}]
each_proof = pytest.mark.parametrize("prove", PROOFS, ids=lambda prove: prove.__name__)
Prove = Callable[[Browser, Browser], Awaitable[Proof]]


@each_proof
async def test_the_id_changes_and_the_former_one_is_worth_nothing(
    client: Browser, another_browser: MakeBrowser, prove: Prove
) -> None:
    """A planted or copied cookie opens nothing."""
    proof = await prove(client, another_browser("198.51.100.1"))
    planted = str(client.cookie)
    assert location(await client.post(proof.path, proof.form)) == proof.leads_to
    assert client.cookie != planted
    assert (await client.get(proof.restricted)).status_code == 200
    thief = _with(another_browser("198.51.100.9"), planted)
    before = [dict(row) for row in await run("SELECT password_hash, phone_hash FROM customers")]
    if prove not in {known_phone}:  # whose page is everybody's
        assert (await thief.get(proof.restricted)).status_code != 200
    assert location(await thief.get("/profile")) == "/"
    for path in ("/recovery/password", f"{BASE}/password", path_of("password"), "/profile/deletion"):
        await thief.post(path, {"password": "пароль похитителя 42"})
    assert [dict(row) for row in await run("SELECT password_hash, phone_hash FROM customers")] == before
    assert location(await thief.get("/profile")) == "/"


@each_proof
async def test_the_same_proof_again_leads_on_to_the_same_session(
    client: Browser, another_browser: MakeBrowser, posted: Outbox, prove: Prove
) -> None:
    """The answer was lost: the browser still has the cookie of before."""
    proof = await prove(client, another_browser("198.51.100.1"))
    before, sent = client.cookie, len(await posted())
    await client.post(proof.path, proof.form)
    first, told = client.cookie, len(await posted())
    sessions = await run("SELECT id FROM sessions ORDER BY id")
    for _ in range(6):  # more than there are tries
        again = await _with(client, before).post(proof.path, proof.form)
        assert location(again) == proof.leads_to
        assert client.cookie == first
        assert (await client.get(proof.restricted)).status_code == 200
    assert await run("SELECT id FROM sessions ORDER BY id") == sessions
    assert len(await posted()) == told <= sent + 1


@each_proof
async def test_eight_presses_at_once_arrive_at_one_session(
    client: Browser, another_browser: MakeBrowser, prove: Prove
) -> None:
    proof = await prove(client, another_browser("198.51.100.1"))
    tabs = [_with(another_browser(), client.cookie) for _ in range(PRESSES)]
    if prove in {password_again, new_password}:
        tabs = tabs[:4]  # a wrong password's limit is claimed before it is judged
    answers = await asyncio.gather(*(tab.post(proof.path, proof.form) for tab in tabs))
    assert {location(answer) for answer in answers} == {proof.leads_to}
    assert len({tab.cookie for tab in tabs}) == 1
    for tab in tabs:
        assert (await tab.get(proof.restricted)).status_code == 200


@each_proof
async def test_the_former_id_is_asked_for_the_whole_proof_and_guesses_are_counted(
    client: Browser, another_browser: MakeBrowser, prove: Prove
) -> None:
    proof = await prove(client, another_browser("198.51.100.1"))
    planted = client.cookie
    await client.post(proof.path, proof.form)
    mine = client.cookie
    thief = another_browser("198.51.100.9")
    for n in range(12):
        guess = f"{n:06d}" if "code" in proof.form else f"не тот пароль {n}"
        wrong = {name: value if name == "next" else guess for name, value in proof.form.items()}
        if wrong == proof.form:
            continue
        await _with(thief, planted).post(proof.path, wrong)
        assert thief.cookie in {planted, None}
    # Its guesses are used up by now: not even the right proof leads on, by this id and from this address.
    await _with(thief, planted).post(proof.path, proof.form)
    assert thief.cookie != mine
    assert (await _with(client, mine).get(proof.restricted)).status_code == 200


@pytest.mark.parametrize("prove", ROWS, ids=lambda prove: prove.__name__)
async def test_a_former_id_leads_on_for_two_minutes(
    client: Browser, another_browser: MakeBrowser, clock: Clock, prove: Prove
) -> None:
    proof = await prove(client, another_browser("198.51.100.1"))
    before = client.cookie
    await client.post(proof.path, proof.form)
    clock.forward(minutes=1, seconds=59)
    assert location(await _with(client, before).post(proof.path, proof.form)) == proof.leads_to
    clock.forward(seconds=1)
    late = await _with(client, before).post(proof.path, proof.form)
    shown = await client.follow(late)
    assert client.cookie == before
    assert "Сеанс завершен" in words(shown) or shown.request.url.path in {"/", "/sign-in/phone", path_of("phone")}


async def test_a_code_that_was_used_opens_nothing_once_its_session_has_ended(client: Browser) -> None:
    await client.reach("code")
    before, code = client.cookie, {"code": await client.read_code(PHONE)}
    await client.post(path_of("code"), code)
    await run("DELETE FROM sessions")
    assert errors(await _with(client, before).post(path_of("code"), code)) == [EXPIRED]
    assert await run("SELECT id FROM sessions") == []


async def by_phone(browser: Browser, posted: Outbox) -> None:
    await browser.post("/sign-in/phone", {"phone": PHONE})


async def by_password_of_the_sms(browser: Browser, posted: Outbox) -> None:
    """The cookie of a registration by account that was begun in the same browser."""
    await browser.reach("bill")


@pytest.mark.parametrize("begin", [by_phone, by_password_of_the_sms], ids=lambda begin: begin.__name__)
async def test_a_sign_in_leaves_the_planted_cookie_behind(
    client: Browser,
    another_browser: MakeBrowser,
    settings: Settings,
    clock: Clock,
    posted: Outbox,
    begin: Callable[[Browser, Outbox], Awaitable[None]],
) -> None:
    """By phone, and by a login with the password of an SMS and then with one's own first password."""
    await holder.import_card(settings, clock)
    if begin is by_phone:
        await another_browser("198.51.100.1").register()
    sms_password = await holder.get_sms_password(another_browser("198.51.100.2"), posted)
    thief = another_browser("198.51.100.9")
    await begin(thief, posted)
    _with(client, thief.cookie)
    if begin is by_phone:
        steps = [("/sign-in/password", {"password": PASSWORD})]
    else:
        steps = [
            ("/sign-in/login", {"login": holder.LOGIN, "password": sms_password}),
            ("/registration/card/password", {"password": NEW}),
        ]
    seen = [client.cookie]
    for path, form in steps:
        assert (await client.post(path, form)).status_code == 303
        assert client.cookie not in seen
        seen.append(client.cookie)
        for former in seen[:-1]:
            stranger = _with(another_browser("198.51.100.9"), former)
            assert location(await stranger.get("/profile")) == "/"
            assert location(await stranger.get("/registration/card/password")) == "/"
    assert (await client.get("/profile")).status_code == 200


async def test_a_planted_cookie_sets_no_password(client: Browser, another_browser: MakeBrowser) -> None:
    """On a shared PC: the thief begins the recovery, the owner finds the window of the code and types it."""
    await another_browser("198.51.100.1").register()
    await holder.clear_throttles()
    thief = another_browser("198.51.100.9")
    await thief.post("/sign-in/phone", {"phone": PHONE})
    await thief.post("/recovery")
    _with(client, thief.cookie)
    code = {"code": await client.read_code(PHONE)}
    assert location(await client.post("/recovery/code", code)) == "/recovery/password"
    assert location(await thief.get("/recovery/password")) == "/recovery/code"
    assert location(await thief.post("/recovery/password", {"password": NEW})) == "/recovery/code"
    assert location(await client.post("/recovery/password", {"password": "пароль владельца 1"})) == "/sign-in/password"
    assert location(await client.sign_in("пароль владельца 1")) == "/profile"


async def test_progress_that_another_release_has_kept_opens_no_step(
    client: Browser, another_browser: MakeBrowser, portal: Portal
) -> None:
    """A field that this release does not know may be what limits a right: the customer begins anew."""
    await recovery(client, another_browser("198.51.100.1"))
    await client.post("/recovery/code", {"code": await client.read_code(PHONE)})
    row = (await run("SELECT id, progress_sealed FROM sessions WHERE customer IS NULL ORDER BY id"))[-1]
    progress = portal.sealing.unseal(row["progress_sealed"])
    progress["recovery"]["of tomorrow"] = 1
    await run("UPDATE sessions SET progress_sealed = {} WHERE id = {}", portal.sealing.seal(progress), row["id"])
    for answer in (await client.get("/recovery/password"), await client.post("/recovery/password", {"password": NEW})):
        assert location(answer) == "/sign-in/phone"
