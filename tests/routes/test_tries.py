"""Wherever tries are counted: how many are left is told from the second last on, and what cannot be meant is none."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from domain.portal import Portal
from settings import Settings
from tests import holder
from tests.browser import BILL, PASSWORD, PHONE, Browser, location, path_of, wrong_code
from tests.conftest import Clock
from tests.holder import Outbox
from tests.screen import errors, tries

SECURITY = "/profile/security"
NEW_PHONE, UNKNOWN = "8 900 111-22-33", "+7 900 765-43-21"
LEFT = [[], [], ["Осталось 2 попытки"], ["Осталась 1 попытка"], []]
NOT_MEANT = ("12345", "1234567", "123456 654321", "не пришел", "12345б", "?")


@dataclass(frozen=True)
class Judged:
    """Where something is judged: what is sent there, with the judged field wrong, and what cannot be meant in it."""

    path: str
    form: dict[str, str]
    field: str = ""
    not_meant: tuple[str, ...] = ()
    # The picture code of the form is new each time.
    with_picture: bool = False

    async def send(self, browser: Browser, **changed: str) -> httpx.Response:
        form = self.form | changed
        if self.with_picture:
            found = re.search(r'name="picture" value="([^"]+)"', (await browser.open(self.path)).text)
            assert found
            form |= {"captcha": holder.PICTURE, "picture": found[1]}
        return await browser.post(self.path, form)


@dataclass(frozen=True)
class Scene:
    browser: Browser
    posted: Outbox
    settings: Settings
    clock: Clock

    async def registered(self) -> Browser:
        await self.browser.register()
        await holder.clear_throttles()
        return self.browser


Reach = Callable[[Scene], Awaitable[Judged]]
REACH: dict[str, Reach] = {}


def judged_at(reach: Reach) -> Reach:
    REACH[reach.__name__] = reach
    return reach


async def _code(scene: Scene, path: str, phone: str) -> Judged:
    wrong = wrong_code(await scene.browser.read_code(phone))
    return Judged(path, {"code": wrong}, "code", NOT_MEANT)


@judged_at
async def code_of_a_registration(scene: Scene) -> Judged:
    await scene.browser.reach("code")
    return await _code(scene, path_of("code"), PHONE)


@judged_at
async def code_of_a_recovery(scene: Scene) -> Judged:
    await scene.registered()
    await scene.browser.post("/sign-out")
    await scene.browser.post("/sign-in/phone", {"phone": PHONE})
    await scene.browser.post("/recovery")
    return await _code(scene, "/recovery/code", PHONE)


@judged_at
async def code_of_a_recovery_of_nobody(scene: Scene) -> Judged:
    await scene.browser.post("/sign-in/phone", {"phone": UNKNOWN})
    await scene.browser.post("/recovery")
    return Judged("/recovery/code", {"code": "000000"}, "code", NOT_MEANT)


@judged_at
async def code_of_a_change_of_phone(scene: Scene) -> Judged:
    await (await scene.registered()).post(f"{SECURITY}/phone", {"phone": NEW_PHONE})
    return await _code(scene, f"{SECURITY}/phone/code", NEW_PHONE)


_WRONG_BILL = {**BILL, "amount": "1,00"}


@judged_at
async def bill_of_a_registration(scene: Scene) -> Judged:
    await scene.browser.reach("bill")
    return Judged(path_of("bill"), _WRONG_BILL, "amount", ("2293-1", "1,2,3", "много", "-1"))


@judged_at
async def bill_of_one_more_account(scene: Scene) -> Judged:
    await scene.registered()
    return Judged("/profile/accounts/new", _WRONG_BILL, "account_number", ("не знаю", "л/с", "№", "7000000111;1"))


@judged_at
async def password_by_phone(scene: Scene) -> Judged:
    await scene.registered()
    await scene.browser.post("/sign-out")
    await scene.browser.post("/sign-in/phone", {"phone": PHONE})
    return Judged("/sign-in/password", {"password": "не тот пароль"}, "password", ("",))


@judged_at
async def password_of_nobody_by_phone(scene: Scene) -> Judged:
    await scene.browser.post("/sign-in/phone", {"phone": UNKNOWN})
    return Judged("/sign-in/password", {"password": "не тот пароль"}, "password", ("",))


@judged_at
async def password_by_login(scene: Scene) -> Judged:
    await _set_password_of_holder(scene)
    await scene.browser.post("/sign-out")
    return Judged("/sign-in/login", {"login": holder.LOGIN, "password": "не тот пароль"}, "password", ("",))


@judged_at
async def password_of_nobody_by_login(scene: Scene) -> Judged:
    return Judged("/sign-in/login", {"login": "nobody", "password": "не тот пароль"}, "password", ("",))


@judged_at
async def password_again(scene: Scene) -> Judged:
    await scene.registered()
    return Judged(f"{SECURITY}/confirmation", {"password": "не тот пароль"}, "password", ("",))


@judged_at
async def current_password(scene: Scene) -> Judged:
    await scene.registered()
    form = {"current_password": "не тот пароль", "password": "осенний берег у моря"}
    return Judged(f"{SECURITY}/password", form, "current_password", ("",))


@judged_at
async def password_of_a_deletion(scene: Scene) -> Judged:
    await scene.registered()
    return Judged("/profile/deletion", {"password": "не тот пароль"}, "password", ("",))


@judged_at
async def card(scene: Scene) -> Judged:
    await holder.import_card(scene.settings, scene.clock)
    form = {**holder.CARD, "email": "stranger@example.org"}
    return Judged("/registration/card/card", form, "card_number", ("9643 9000", "не знаю"), with_picture=True)


@judged_at
async def card_of_nobody(scene: Scene) -> Judged:
    form = {"card_number": "4111111111111111", "email": "stranger@example.org"}
    return Judged("/registration/card/card", form, "email", ("stranger@",), with_picture=True)


@judged_at
async def one_more_card(scene: Scene) -> Judged:
    await holder.import_card(scene.settings, scene.clock)
    await scene.registered()
    return Judged("/profile/cards/new", {**holder.CARD, "email": "stranger@example.org"}, "card_number", ("1",))


@judged_at
async def phone_of_a_card(scene: Scene) -> Judged:
    await holder.import_card(scene.settings, scene.clock)
    link = await holder.ask_for_link(scene.browser, scene.posted)
    return Judged(link, {"phone": "8 900 000-01-02"}, "phone", ("8 900", "не знаю"), with_picture=True)


async def _set_password_of_holder(scene: Scene) -> None:
    await holder.import_card(scene.settings, scene.clock)
    await holder.sign_in(scene.browser, await holder.get_sms_password(scene.browser, scene.posted))
    await scene.browser.post("/registration/card/password", {"password": PASSWORD})
    await holder.clear_throttles()


@pytest.mark.parametrize("changed", [{"captcha_code": holder.PICTURE}])
@pytest.mark.parametrize("reach", REACH.values(), ids=REACH)
async def test_the_last_tries_are_told_and_what_cannot_be_meant_is_none(
    client: Browser, posted: Outbox, settings: Settings, clock: Clock, changed: dict[str, Any], reach: Reach
) -> None:
    judged = await reach(Scene(client, posted, settings, clock))
    told = []
    for place in range(5):
        for text in judged.not_meant if place in {0, 4} else ():
            answer = await judged.send(client, **{judged.field: text})
            assert (answer.status_code, tries(answer)) == (422, []), text
            assert len(errors(answer)) == 1
        answer = await judged.send(client)
        # The fifth wrong phone of a card ends its link.
        assert answer.status_code == (410 if reach is phone_of_a_card and place == 4 else 422)
        told.append(tries(answer))
    assert told == LEFT
    # The last wrong one tells that it was the last.
    assert len(errors(answer)) == (0 if reach is phone_of_a_card else 2)


async def test_a_code_of_other_text_is_asked_for_by_its_digits(client: Browser) -> None:
    await client.reach("code")
    for text in NOT_MEANT:
        assert errors(await client.post(path_of("code"), {"code": text})) == ["Введите 6 цифр из СМС"]
    whole = f"Код {await client.read_code(PHONE)} для регистрации в кабинете. Никому его не сообщайте."
    assert location(await client.post(path_of("code"), {"code": whole})) == path_of("bill")


async def test_a_picture_code_of_other_text_spends_no_try(client: Browser, portal: Portal) -> None:
    path = "/registration/card/card"
    found = re.search(r'name="picture" value="([^"]+)"', (await client.get(path)).text)
    assert found
    form = {**holder.CARD, "picture": found[1]}
    for text in ("1234", "123456", "не вижу"):
        answer = await client.post(path, {**form, "captcha": text})
        assert errors(answer) == ["Введите 5 цифр с картинки"]
    code = str(portal.sealing.unseal(found[1])["code"])
    # Judged, and right: it is the card that nobody knows.
    assert errors(await client.post(path, {**form, "captcha": code}))[0].startswith("Карта и адрес")


@pytest.mark.parametrize("changed", [{"captcha_code": holder.PICTURE}])
async def test_spaces_around_an_sms_password_are_dropped_and_around_ones_own_they_are_not(
    client: Browser, posted: Outbox, settings: Settings, clock: Clock, changed: dict[str, Any]
) -> None:
    await holder.import_card(settings, clock)
    password = await holder.get_sms_password(client, posted)
    assert location(await holder.sign_in(client, f" {password}\u00a0\n")) == "/registration/card/password"
    await client.post("/registration/card/password", {"password": f" {PASSWORD} "})
    await client.post("/sign-out")
    assert errors(await holder.sign_in(client, PASSWORD)) == ["Неверный логин или пароль"]
    assert location(await holder.sign_in(client, f" {PASSWORD} ")) == "/profile"
