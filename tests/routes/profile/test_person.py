"""«Профиль»: who the customer is, the state of each thing, and another name."""

from __future__ import annotations

import re
from typing import Any

import pytest

from db.engine import run
from tests import holder
from tests.browser import ANOTHER, Browser, location
from tests.conftest import Clock
from tests.screen import errors, value_of, words

PATH, NAME = "/profile/person", "/profile/person/name"
SMIRNOVA = {"last_name": " Смирнова ", "first_name": "Анна", "patronymic": ""}


async def test_each_thing_stands_there_with_its_state_and_its_way_to_change_it(client: Browser, posted: Any) -> None:
    await client.register()
    page = await client.get(PATH)
    for said in (
        "Имя Анна Петровна Иванова", "Номер мобильного телефона +7 912 345-67-89 Подтвержден",
        "Электронная почта ivanova@example.org Не подтверждена",
    ):  # fmt: skip
        assert said in words(page)
    assert "Логин" not in words(page)
    assert re.findall(r'<a class="act" href="([^"]+)">', page.text) == [
        NAME, "/profile/security/phone", "/profile/security/email"
    ]  # fmt: skip
    await client.post(await holder.newest_link(posted, "email-confirmation"))
    assert "ivanova@example.org Подтверждена" in words(await client.get(PATH))


@pytest.mark.parametrize("changed", [{"captcha_code": holder.PICTURE}])
async def test_the_login_of_a_holder_stands_there(
    client: Browser, settings: Any, clock: Clock, posted: Any, changed: dict[str, Any]
) -> None:
    await holder.import_card(settings, clock)
    await holder.sign_in(client, await holder.get_sms_password(client, posted))
    await client.post("/registration/card/password", {"password": "осенний берег у моря"})
    page = words(await client.get(PATH))
    assert "Имя Не указано" in page
    assert "Логин tk1001" in page
    await client.post(NAME, SMIRNOVA)
    assert "Имя Анна Смирнова" in words(await client.get(PATH))
    assert "Анна Смирнова" in words(await client.get("/profile"))


async def test_another_name_is_saved_and_stands_in_the_journal(client: Browser) -> None:
    await client.register()
    form = await client.get(NAME)
    assert [value_of(form, name) for name in SMIRNOVA] == ["Иванова", "Анна", "Петровна"]
    assert location(await client.post(NAME, SMIRNOVA)) == PATH
    assert "Имя сохранено" in words(page := await client.get(PATH))
    assert "Имя Анна Смирнова" in words(page)
    assert "Имя изменено" in words(await client.get("/profile/security"))
    for _ in range(3):
        await client.post(NAME, SMIRNOVA)
    assert await run("SELECT times FROM journal WHERE event = 'name-changed'") == [{"times": 4}]


async def test_a_name_that_is_none_is_refused_and_kept(client: Browser) -> None:
    await client.register()
    answer = await client.post(NAME, {"last_name": "<b>Иванова", "first_name": "", "patronymic": "1"})
    assert answer.status_code == 422
    assert errors(answer) == [
        "Допустимы только буквы, пробел, дефис и апостроф", "Заполните обязательное поле",
        "Допустимы только буквы, пробел, дефис и апостроф",
    ]  # fmt: skip
    assert value_of(answer, "last_name") == "<b>Иванова"
    assert "Имя Анна Петровна Иванова" in words(await client.get(PATH))
    field = await client.post(f"{NAME}/fields/last_name", {"last_name": "1"})
    assert errors(field) == ["Допустимы только буквы, пробел, дефис и апостроф"]


async def test_what_was_typed_when_the_session_had_ended_is_there_again(client: Browser, clock: Clock) -> None:
    """Though the form comes filled with the present name."""
    await client.register()
    clock.forward(minutes=31)
    assert location(await client.post(NAME, SMIRNOVA)) == "/"
    assert location(await client.sign_in()) == NAME
    form = await client.get(NAME)
    assert [value_of(form, name) for name in SMIRNOVA] == [" Смирнова ", "Анна", ""]


async def test_another_email_is_asked_for_here_too_and_told_when_it_is_too_early(client: Browser) -> None:
    await client.register()
    assert location(await client.post(PATH, ANOTHER)) == PATH
    assert "Мы отправили письмо еще раз" in words(await client.get(PATH))
    early = await client.post(PATH, ANOTHER)
    assert early.status_code == 422
    assert errors(early)[0] == (
        "Подтвердите почту: перейдите по ссылке из письма, отправленного на ivanova@example.org"
    )
    assert errors(early)[1].startswith("Новое письмо можно запросить в")
