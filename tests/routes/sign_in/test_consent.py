"""A new text of the consent: asked for after the next sign-in, kept with its hash; and the consent withdrawn."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

import pytest

from app import Served
from db.engine import run
from domain import consents
from routes.legal import legal_texts
from settings import Settings
from tests.browser import PASSWORD, Browser, location
from tests.conftest import Clock, Posted
from tests.routes.test_brand import templates_of
from tests.screen import errors, value_of, words

PATH, WITHDRAWAL = "/sign-in/consent", "/profile/withdrawal"
Another = Callable[..., Browser]
Outbox = Callable[[], Awaitable[list[Posted]]]


async def _signed_in_to_new_text(client: Browser, then: str = "") -> None:
    """A customer who consented to a text that is not the present one."""
    await client.register()
    await run("UPDATE consents SET text_version = '2020-01', text_hash = 'of the text of 2020'")
    # Who is signed in is asked at the next sign-in.
    assert (await client.get("/profile")).status_code == 200
    await client.post("/sign-out")
    if then:
        await client.get(then)
    assert location(await client.sign_in()) == PATH


async def test_a_new_text_is_asked_for_once_and_leads_on(
    client: Browser, another_browser: Another, clock: Clock
) -> None:
    await _signed_in_to_new_text(client, "/profile/security")
    page = await client.get(PATH)
    assert "Текст согласия изменился" in words(page)
    assert "Я даю оператору" in words(page)
    other = another_browser()
    assert location(await other.sign_in()) == PATH
    assert errors(await client.post(PATH)) == ["Подтвердите согласие на обработку персональных данных"]
    form = {"consent": "yes", "shown": value_of(page, "shown") or ""}
    assert location(await client.post(PATH, form | {"shown": "of another one"})) == PATH
    assert len(await run("SELECT id FROM consents")) == 1
    assert location(await client.post(PATH, form)) == "/profile/security"
    assert location(await client.post(PATH, form)) == "/profile"
    assert location(await client.get(PATH)) == "/profile"
    assert (await other.get("/profile")).status_code == 200
    before, given = await run("SELECT * FROM consents ORDER BY id")
    assert (given["customer"], given["phone_hash"]) == (before["customer"], before["phone_hash"])
    assert (given["text_hash"], given["given_at"]) == (form["shown"], clock())
    assert "Дано согласие на обработку данных" in words(await client.get("/profile/security"))
    await client.post("/sign-out")
    assert location(await client.sign_in()) == "/profile"


async def test_nothing_is_open_before_the_consent(client: Browser) -> None:
    await _signed_in_to_new_text(client)
    for path in ("/", "/profile", "/profile/security", "/profile/data", "/profile/person", "/profile/accounts/new"):
        assert location(await client.get(path)) == PATH, path
    posts = {
        "/profile/security/password": {"current_password": PASSWORD, "password": "осенний берег у моря"},
        "/profile/security/phone": {"phone": "8 900 111-22-33"},
        "/profile/security/email": {"email": "new@example.org"},
        "/profile/security/confirmation": {"password": PASSWORD},
        "/profile/security/devices/end-others": {},
        "/profile/person/name": {"last_name": "Чужая", "first_name": "Анна", "patronymic": ""},
        "/profile/accounts/1/removal": {},
        "/profile/deletion": {"password": PASSWORD},
    }
    before = await run("SELECT * FROM customers")
    for path, form in posts.items():
        assert location(await client.post(path, form)) == PATH, path
    assert await run("SELECT * FROM customers") == before
    assert len(await run("SELECT id FROM customer_accounts")) == 1
    assert location(await client.post("/sign-out")) == "/"


async def test_two_presses_are_one_consent(client: Browser) -> None:
    await _signed_in_to_new_text(client)
    form = {"consent": "yes"}
    answers = await asyncio.gather(*(client.post(PATH, form) for _ in range(3)))
    assert {location(answer) for answer in answers} == {"/profile"}
    assert len(await run("SELECT id FROM consents")) == 2


async def test_who_gave_no_consent_here_is_not_asked(
    client: Browser, another_browser: Another, settings: Settings, clock: Clock, posted: Outbox
) -> None:
    await client.register()
    await run("DELETE FROM consents")
    await client.post("/sign-out")
    assert location(await client.sign_in()) == "/profile"
    stranger = another_browser()
    assert location(await stranger.get(PATH)) == "/"
    assert location(await stranger.post(PATH, {"consent": "yes"})) == "/"
    assert await run("SELECT id FROM consents") == []


@pytest.mark.parametrize("due", [False, True])
async def test_a_withdrawal_deletes_the_cabinet_and_keeps_what_names_nobody(
    client: Browser, another_browser: Another, posted: Outbox, clock: Clock, due: bool
) -> None:
    if due:
        await _signed_in_to_new_text(client)
        assert f'href="{WITHDRAWAL}"' in (await client.get(PATH)).text
    else:
        await client.register()
        assert f'href="{WITHDRAWAL}"' in (await client.get("/profile/security")).text
    page = await client.get(WITHDRAWAL)
    assert "вместе с отзывом мы его удалим" in words(page)
    assert f'href="{PATH if due else "/profile/security"}"' in page.text
    assert errors(await client.post(WITHDRAWAL, {"password": ""})) == ["Введите пароль"]
    assert errors(await client.post(WITHDRAWAL, {"password": "not this one"})) == ["Неверный пароль"]
    gone = await client.post(WITHDRAWAL, {"password": PASSWORD})
    assert "Согласие отозвано, личный кабинет удален" in words(await client.get(gone.headers["location"]))
    assert (await posted())[-1].name == "cabinet-deleted"
    assert await run("SELECT id FROM customers") == []
    (given,) = await run("SELECT * FROM consents")
    (withdrawn,) = await run("SELECT phone_hash, versions, withdrawn_at FROM consent_withdrawals")
    assert given["customer"] is None
    assert withdrawn == {
        "phone_hash": given["phone_hash"], "versions": given["text_version"], "withdrawn_at": clock(),
    }  # fmt: skip
    events = await run("SELECT event, customer FROM journal ORDER BY id")
    assert [row["event"] for row in events][-2:] == ["consent-withdrawn", "deleted"]
    assert {row["customer"] for row in events} == {None}
    assert location(await client.get(WITHDRAWAL)) == "/"
    clock.forward(minutes=10)
    await another_browser().register()


async def test_each_text_is_kept_with_its_hash_when_it_is_first_shown(
    app: Served, client: Browser, clock: Clock
) -> None:
    templates = templates_of(None)
    texts = legal_texts(templates)
    await run("DELETE FROM legal_texts")
    first = clock()
    await asyncio.gather(*(consents.keep_texts(texts, first) for _ in range(3)))
    clock.forward(days=1)
    await consents.keep_texts(texts, clock())
    rows = await run("SELECT * FROM legal_texts ORDER BY kind")
    assert [(row["kind"], row["first_shown_at"]) for row in rows] == [("personal-data", first), ("terms", first)]
    for row, address in zip(rows, ("/personal-data", "/terms"), strict=True):
        assert row["sha256"] == hashlib.sha256(row["text"].encode()).hexdigest()
        assert row["text"] in (await client.get(address)).text
    # A change of one letter is another text.
    changed = [consents.LegalText("terms", "2027-01", "another hash", "another text")]
    await consents.keep_texts(changed, clock())
    assert len(await run("SELECT id FROM legal_texts")) == 3
