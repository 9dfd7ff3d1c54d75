"""Registration by card in a real browser: both steps, the first sign-in, and a card added to a cabinet."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from domain.registry import demo_company
from tests.journeys.modes import WITH_SCRIPT
from tests.journeys.server import CAPTCHA
from tests.journeys.steps import register
from tests.journeys.visitor import Visitor

pytest_plugins = ["tests.journeys.fixtures"]
PASSWORD = "сиреневый туман 42"


def _card(scripted: bool, place: int) -> dict[str, str]:
    """A holder's first card, another one for each test of one database."""
    return demo_company.cards()[place + scripted]


def _fill_first_step(visitor: Visitor, card: dict[str, str]) -> None:
    number = card["card_number"]
    visitor.fill(
        {
            "Номер карты": f"{number[:4]} {number[4:8]}-{number[8:]}",
            "Электронная почта": card["email"].title(),
            "Код с картинки": CAPTCHA,
        }
    )


def test_holder_registers_by_card_and_makes_a_password(visitor: Visitor, scripted: bool) -> None:
    page, card = visitor.page, _card(scripted, 0)
    visitor.open("/")
    page.get_by_role("link", name="Регистрация").click()
    visitor.expect_screen("/registration", "registration-choice")
    page.get_by_role("link", name="По номеру карты").click()
    visitor.expect_screen("/registration/card/card", "registration-card-card")
    _fill_first_step(visitor, card)
    visitor.field("Код с картинки").fill("13579")
    visitor.press_and_expect_errors("Продолжить", {"Код с картинки": "Код с картинки введен неверно"})
    visitor.field("Код с картинки").fill(CAPTCHA)
    visitor.press("Продолжить")
    visitor.expect_screen("/registration/card/sent", "registration-card-sent")

    messages = visitor.server.messages(card["email"].title().partition("@")[0] + "@example.org")
    assert card["login"] in messages[0].text
    page.goto(messages[0].link)
    expect(page.locator("#registration-card-phone")).to_be_visible()
    visitor.fill({"Номер телефона": visitor.phone, "Код с картинки": CAPTCHA})
    visitor.press_and_expect_errors("Завершить регистрацию", {"Номер телефона": "Этот номер не привязан к карте"})
    visitor.fill({"Номер телефона": card["phone"], "Код с картинки": CAPTCHA})
    visitor.press("Завершить регистрацию")
    visitor.expect_screen("/registration/card/done", "registration-card-done")

    sms = visitor.server.messages(card["phone"])[0].text
    page.get_by_role("link", name="Войти по логину и паролю").click()
    visitor.expect_screen("/sign-in/login", "sign-in-login")
    found = re.search(r"Пароль (\S+)", sms)
    assert found
    visitor.fill({"Логин": card["login"], "Пароль": found[1]})
    visitor.press("Войти в личный кабинет")
    visitor.expect_screen("/registration/card/password", "registration-card-password")
    visitor.field("Пароль").fill(PASSWORD)
    visitor.press("Сохранить")
    visitor.expect_screen("/profile", "profile-overview")
    expect(page.get_by_text(card["card_number"][-4:])).to_be_visible()

    visitor.press("Выйти")
    page.get_by_role("link", name="Логин и Пароль").click()
    visitor.fill({"Логин": card["login"].upper(), "Пароль": PASSWORD})
    visitor.press("Войти в личный кабинет")
    visitor.expect_screen("/profile", "profile-overview")


def test_card_is_added_in_the_profile(visitor: Visitor, scripted: bool) -> None:
    page, card = visitor.page, _card(scripted, 5)
    register(visitor)
    page.get_by_role("link", name="Добавить карту").click()
    visitor.expect_screen("/profile/cards/new", "profile-card")
    visitor.fill({"Номер карты": card["card_number"], "Электронная почта": card["email"]})
    visitor.press("Продолжить")
    visitor.expect_screen("/profile", "profile-overview")
    page.goto(visitor.server.messages(card["email"])[0].link)
    visitor.press("Добавить карту")
    visitor.expect_screen("/profile", "profile-overview")
    expect(page.get_by_role("status")).to_contain_text("Карта добавлена")
    expect(page.get_by_text(card["card_number"][-4:])).to_be_visible()


@pytest.mark.parametrize("server", [WITH_SCRIPT], indirect=True)
def test_another_picture_comes_without_losing_what_was_typed(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/registration/card/card")
    visitor.field("Номер карты").fill("4111 1111 1111 1111")
    former = page.get_by_role("img", name="Картинка с кодом").get_attribute("src")
    page.get_by_role("button", name="Другая картинка").click()
    expect(page.get_by_role("img", name="Картинка с кодом")).not_to_have_attribute("src", str(former))
    expect(visitor.field("Номер карты")).to_have_value("4111 1111 1111 1111")
    visitor.expect_screen("/registration/card/card", "registration-card-card")
