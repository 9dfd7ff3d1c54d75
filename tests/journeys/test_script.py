"""What a browser with JavaScript does better, and one without does not promise."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.journeys.modes import WITH_SCRIPT, WITHOUT_SCRIPT
from tests.journeys.steps import CONSENT, PASSWORD, confirm_address, confirm_phone, fill_bill, give_person
from tests.journeys.visitor import Visitor

pytest_plugins = ["tests.journeys.fixtures"]
with_script = pytest.mark.parametrize("server", [WITH_SCRIPT], indirect=True)
without_script = pytest.mark.parametrize("server", [WITHOUT_SCRIPT], indirect=True)


@with_script
def test_lost_connection_is_told_and_nothing_typed_is_lost(visitor: Visitor) -> None:
    page = visitor.page
    confirm_phone(visitor)
    fill_bill(visitor)
    visitor.browser_errors.expected_words += ["ERR_INTERNET_DISCONNECTED", "Failed to fetch"]
    page.context.set_offline(True)
    for _ in range(2):
        visitor.button("Далее").click()
        expect(page.get_by_role("alert").get_by_text("Нет связи")).to_be_visible()
        expect(visitor.button("Далее")).not_to_have_attribute("aria-busy", "true")
    expect(page.get_by_text("Нет связи")).to_have_count(1)
    expect(visitor.field("Сумма к оплате")).to_have_value(visitor.bill.amount)
    visitor.expect_no_sideways_scrolling()
    page.context.set_offline(False)
    visitor.press("Далее")
    visitor.expect_step("address")
    expect(page.get_by_text("Нет связи")).to_have_count(0)


@with_script
def test_field_is_checked_when_it_is_left(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/registration/account/phone")
    phone = visitor.field("Номер мобильного телефона")
    phone.press_sequentially("8 495 123-45-67")
    phone.press("Tab")
    expect(phone).to_have_accessible_description(re.compile("Введен некорректный номер телефона"))
    visitor.expect_step("phone")
    phone.fill(visitor.phone)
    phone.press("Tab")
    expect(page.get_by_text("Введен некорректный номер телефона")).to_have_count(0)
    expect(phone).to_have_value(visitor.phone)

    confirm_address(visitor)
    for label, wrong, right, text in (
        ("Дата рождения", "31.02.1990", "01.02.1990", "Введите дату рождения в виде ДД.ММ.ГГГГ"),
        ("Электронная почта", "maria@", visitor.email, "Введен некорректный адрес электронной почты"),
    ):
        field = visitor.field(label)
        field.fill(wrong)
        field.press("Tab")
        expect(field, f"«{label}» is not checked when it is left").to_have_accessible_description(re.compile(text))
        expect(field).to_have_value(wrong)
        expect(field).not_to_be_focused()
        visitor.expect_step("person")
        field.fill(right)
        field.press("Tab")
        expect(page.get_by_text(text)).to_have_count(0)


@with_script
def test_conditions_tick_off_and_the_eye_shows_the_password(visitor: Visitor) -> None:
    give_person(visitor)
    password = visitor.field("Пароль")
    conditions = visitor.page.get_by_role("list", name="Условия для пароля")
    expect(conditions.locator(".met")).to_have_count(0)
    password.press_sequentially("мария")
    expect(conditions.locator(".met", has_text="популярных")).to_have_count(1)
    expect(conditions.locator(".met", has_text="знаков")).to_have_count(0)
    password.fill("")
    password.press_sequentially(PASSWORD)
    everything = conditions.get_by_role("listitem")
    expect(conditions.locator(".met")).to_have_count(everything.count())
    expect(password).to_have_value(PASSWORD)
    expect(password).to_be_focused()

    eye = visitor.page.get_by_role("button", name="Показать пароль")
    expect(password).to_have_attribute("type", "password")
    eye.click()
    expect(password).to_have_attribute("type", "text")
    expect(eye).to_have_attribute("aria-pressed", "true")
    eye.click()
    expect(password).to_have_attribute("type", "password")
    expect(eye).to_have_attribute("aria-pressed", "false")
    expect(password).to_have_value(PASSWORD)
    visitor.expect_step("password")


@without_script
def test_eye_is_not_promised_without_script(visitor: Visitor) -> None:
    give_person(visitor)
    expect(visitor.field("Пароль")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Показать пароль")).to_have_count(0)


def test_title_and_address_follow_the_step_and_back_shows_the_former(visitor: Visitor) -> None:
    page = visitor.page

    def titled(title: str) -> None:
        expect(page).to_have_title(f"{title} — Личный кабинет")

    visitor.open("/")
    titled("Вход в личный кабинет")
    page.get_by_role("link", name="Регистрация").click()
    page.get_by_role("link", name="По лицевому счету").click()
    visitor.expect_step("phone")
    titled("Регистрация")
    visitor.field("Номер мобильного телефона").fill(visitor.phone)
    visitor.field(CONSENT).check()
    visitor.press("Далее")
    visitor.expect_step("code")
    titled("Подтверждение номера мобильного телефона")
    visitor.field("Код из СМС").fill(visitor.code())
    visitor.press("Подтвердить номер")
    visitor.expect_step("bill")
    titled("Ваш лицевой счет")
    fill_bill(visitor)
    visitor.press("Далее")
    visitor.expect_step("address")
    titled("Это ваш адрес?")

    page.go_back()
    visitor.expect_step("bill")
    titled("Ваш лицевой счет")
    page.go_forward()
    visitor.expect_step("address")
    titled("Это ваш адрес?")
    visitor.press("Нет")
    visitor.expect_step("bill")
    titled("Ваш лицевой счет")


@with_script
def test_button_says_that_it_waits_and_takes_no_second_press(visitor: Visitor) -> None:
    page, held = visitor.page, list[Route]()
    visitor.open("/registration/account/phone")
    visitor.field("Номер мобильного телефона").fill(visitor.phone)
    visitor.field(CONSENT).check()
    page.route("**/registration/account/phone", lambda route: held.append(route))
    with page.expect_request("**/registration/account/phone"):
        visitor.button("Далее").click()
    expect(visitor.button("Далее")).to_have_attribute("aria-busy", "true")
    visitor.button("Далее").click()
    assert len(held) == 1, "a button that waits was pressed a second time"
    held[0].continue_()
    visitor.expect_step("code")
    expect(page.locator("[aria-busy]")).to_have_count(0)
