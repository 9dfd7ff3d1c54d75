"""What a thief at an open session is asked for, and what is left in the browser after a sign-out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from db.engine import run
from domain.passwords import Hasher
from domain.portal import Portal
from domain.refusals import Code, Refused
from domain.scope import Client
from domain.sign_in import password_change
from routes import return_to
from routes.forms import SECRET, Form
from tests.browser import PASSWORD, Browser, location
from tests.conftest import Clock, scope_of
from tests.screen import errors, words

NEW = "осенний берег у моря"
OTHER = "летний сад за домом"
BASE = "/profile/security"
Another = Callable[..., Browser]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"password": NEW}, ["Введите пароль"]),
        ({"current_password": "", "password": NEW}, ["Введите пароль"]),
        ({"current_password": PASSWORD}, ["Введите пароль"]),
        ({}, ["Текущий пароль: введите пароль", "Пароль: введите пароль", "Введите пароль", "Введите пароль"]),
        ({"current_password": "not this one", "password": NEW}, ["Неверный пароль"]),
        ({"current_password": NEW, "password": NEW}, ["Неверный пароль"]),
        ({"current_password": PASSWORD, "password": "short"}, ["Пароль не соответствует всем условиям"]),
    ],
)
async def test_the_password_is_changed_with_the_current_one_only(
    client: Browser, form: dict[str, str], expected: list[str]
) -> None:
    await client.register()
    before = await run("SELECT password_hash FROM customers")
    answer = await client.post(f"{BASE}/password", form)
    assert answer.status_code == 422
    shown = errors(answer)
    assert shown == expected[-len(shown) :]
    for line in expected:
        assert line in words(answer)
    assert await run("SELECT password_hash FROM customers") == before
    assert NEW not in answer.text


async def test_guesses_at_the_current_password_are_counted(client: Browser) -> None:
    await client.register()
    for _ in range(5):
        answer = await client.post(f"{BASE}/password", {"current_password": "not this one", "password": NEW})
    assert errors(answer)[-1].startswith("Превышено число попыток входа. Повторите в ")
    right = await client.post(f"{BASE}/password", {"current_password": PASSWORD, "password": NEW})
    assert right.status_code == 422
    refused = await run("SELECT times FROM journal WHERE event = 'sign-in-refused' AND customer IS NOT NULL")
    assert sum(row["times"] for row in refused) == 5


async def test_of_two_changes_at_once_one_is_made(client: Browser, another_browser: Another) -> None:
    """Both have been judged against one and the same password: the second is no longer the owner's wish."""
    await client.register()
    other = another_browser()
    await other.sign_in()
    answers = await asyncio.gather(
        *(browser.post(f"{BASE}/password", {"current_password": PASSWORD, "password": new})
          for browser, new in ((client, NEW), (other, OTHER)))
    )  # fmt: skip
    assert sorted(location(answer) for answer in answers) == ["/", BASE]
    kept = (NEW, OTHER)[[location(answer) for answer in answers].index(BASE)]
    assert location(await another_browser().sign_in(kept)) == "/profile"
    lost = OTHER if kept == NEW else NEW
    assert errors(await another_browser().sign_in(lost)) == ["Неверный логин или пароль"]


class _OvertakenHasher(Hasher):
    """Another device sets another password while the new one is being hashed, and leaves this session alive."""

    async def hash(self, password: str) -> str:
        await run("UPDATE customers SET password_hash = 'another'")
        return await super().hash(password)


async def test_a_password_replaced_since_it_was_judged_is_not_the_current_one(
    client: Browser, portal: Portal, clock: Clock
) -> None:
    await client.register()
    caller = Client(client.cookie, "203.0.113.7", "Tests/1.0")
    overtaken = replace(portal, hasher=_OvertakenHasher())
    outcome = await password_change.change(scope_of(overtaken, clock(), caller), NEW, current=PASSWORD)
    assert outcome == [Refused(Code.PASSWORD_WRONG, "current_password")]
    assert (await run("SELECT password_hash FROM customers"))[0]["password_hash"] == "another"


@pytest.mark.parametrize("which", ["one", "others"])
async def test_devices_are_ended_with_the_password_of_the_last_ten_minutes(
    client: Browser, another_browser: Another, clock: Clock, which: str
) -> None:
    await client.register()
    other = another_browser()
    await other.sign_in()
    ending = await run("SELECT id FROM sessions WHERE customer IS NOT NULL ORDER BY id DESC")
    path = f"{BASE}/devices/{ending[0]['id']}/end" if which == "one" else f"{BASE}/devices/end-others"
    clock.forward(minutes=10, seconds=1)
    asked = await client.post(path)
    assert asked.headers["location"] == f"{BASE}/confirmation?next={BASE}"
    assert (await other.get("/profile")).status_code == 200
    asked = await client.get(asked.headers["location"])
    assert "Подтвердите, что это вы" in words(asked)
    assert (await client.htmx(path, {}, at=BASE)).headers["location"] == f"{BASE}/confirmation?next={BASE}"
    back = await client.post(f"{BASE}/confirmation", {"password": PASSWORD, "next": BASE})
    assert "Устройства" in words(await client.follow(back))
    done = await client.follow(await client.post(path))
    assert "На этих устройствах придется войти снова" in words(done).replace("\u00a0", " ")
    assert location(await other.get("/profile")) == "/"


@pytest.mark.parametrize("way", ["sign-out", "deletion", "own device"])
async def test_leaving_empties_the_browser_of_what_it_kept(client: Browser, way: str) -> None:
    await client.register()
    own = (await run("SELECT id FROM sessions WHERE customer IS NOT NULL"))[0]["id"]
    path, form = {
        "sign-out": ("/sign-out", {}),
        "deletion": ("/profile/deletion", {"password": PASSWORD}),
        "own device": (f"{BASE}/devices/{own}/end", {}),
    }[way]
    client.http.cookies.set("language", "en")
    answer = await client.post(path, form)
    assert location(answer) == "/"
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert client.cookie is None
    # The language is nobody's secret, and the next one at this browser reads it too.
    assert client.http.cookies.get("language") == "en"
    assert await run("SELECT id FROM sessions WHERE customer IS NOT NULL") == []


async def test_nothing_else_empties_the_browser(client: Browser) -> None:
    await client.register()
    for path in ("/", "/profile", BASE, "/no-such-page"):
        assert "clear-site-data" not in (await client.get(path)).headers


def test_no_secret_field_waits_in_the_cookie_of_the_way_back() -> None:
    """A form sent after the session has ended keeps what was typed, but for the fields marked secret."""
    models = [Form]
    for model in models:
        models += model.__subclasses__()
    secret = {name for model in models for name, field in model.model_fields.items() if SECRET in field.metadata}
    assert {"password", "current_password", "code", "captcha"} <= secret
    assert secret <= return_to.SECRETS
