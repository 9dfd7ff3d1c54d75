"""Errors go with their cause, and what is said of another code stands at its button."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.modes import WITH_SCRIPT, WITHOUT_SCRIPT
from tests.journeys.steps import (
    CONSENT,
    PASSWORD,
    fill_person,
    give_person,
    give_phone,
)
from tests.journeys.visitor import Visitor

pytest_plugins = ["tests.journeys.fixtures"]
with_script = pytest.mark.parametrize("server", [WITH_SCRIPT], indirect=True)
without_script = pytest.mark.parametrize("server", [WITHOUT_SCRIPT], indirect=True)
PHONE = "Номер мобильного телефона"
ANOTHER = "Отправить код еще раз"
EARLY = "Новый код можно запросить в"


def _said(visitor: Visitor) -> Locator:
    return visitor.page.locator("#said")


@with_script
def test_an_error_goes_with_its_cause(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/registration/account/phone")
    with visitor.refusal():
        visitor.press("Далее")
    summary, links = page.locator(".summary"), page.locator(".summary a")
    expect(links).to_have_count(2)
    visitor.field(CONSENT).check()
    expect(links).to_have_count(1)
    expect(page.get_by_text("Подтвердите согласие")).to_have_count(0)
    expect(visitor.field(CONSENT)).not_to_have_attribute("aria-invalid", "true")
    expect(page).to_have_title(re.compile("^Ошибка: "))
    visitor.field(PHONE).press_sequentially("9")
    expect(summary).to_have_count(0)
    expect(page.locator(".error, [aria-invalid]")).to_have_count(0)
    expect(page).not_to_have_title(re.compile("Ошибка"))


@with_script
def test_what_is_no_code_is_told_until_it_is_one(visitor: Visitor) -> None:
    page, code = visitor.page, visitor.field("Код из СМС")
    give_phone(visitor)
    code.fill("12")
    with visitor.refusal():
        visitor.press("Подтвердить номер")
    unread = page.get_by_text("Введите 6 цифр из СМС")
    code.press_sequentially("12345")
    expect(unread).to_be_visible()
    code.press_sequentially("6")
    expect(unread).to_have_count(0)
    expect(code).not_to_have_attribute("aria-invalid", "true")


@with_script
def test_the_summary_follows_the_fields(visitor: Visitor) -> None:
    page = visitor.page
    give_person(visitor)
    page.go_back()
    visitor.expect_step("person")
    visitor.fill({"Фамилия": "Иванова 1", "Имя": "Мария 2", "Дата рождения": "когда-то"})
    with visitor.refusal():
        visitor.press("Далее")
    links = page.locator(".summary a")
    expect(links).to_have_count(3)
    visitor.field("Имя").fill("Мария")
    visitor.field("Имя").press("Tab")
    expect(links).to_have_count(2)
    visitor.field("Электронная почта").fill("мария@")
    visitor.field("Электронная почта").press("Tab")
    added = page.locator(".summary").get_by_role("link", name="Введен некорректный адрес".lower())
    expect(page.locator(".summary")).to_contain_text("Электронная почта: введен некорректный адрес")
    added.or_(links.last).first.click()
    expect(_said(visitor)).to_contain_text("Введен некорректный адрес электронной почты")
    fill_person(visitor)
    visitor.field("Отчество").press("Tab")
    expect(page.locator(".summary")).to_have_count(0)
    expect(page).not_to_have_title(re.compile("Ошибка"))


@with_script
def test_a_password_that_meets_all_conditions_has_no_error(visitor: Visitor) -> None:
    page = visitor.page
    give_person(visitor)
    password, broken = visitor.field("Пароль"), page.get_by_text("Пароль не соответствует всем условиям")
    expect(password).to_have_accessible_description(re.compile("от 10 до 128"))
    password.fill("мария")
    with visitor.refusal():
        visitor.press("Зарегистрироваться")
    expect(broken).to_be_visible()
    password.press_sequentially("сирень")
    expect(page.locator("#conditions .met").first).to_be_visible()
    expect(broken).to_be_visible()
    password.fill("")
    password.press_sequentially(PASSWORD)
    expect(broken).to_have_count(0)
    expect(password).not_to_have_attribute("aria-invalid", "true")
    expect(password).to_have_accessible_description(re.compile("от 10 до 128"))
    expect(_said(visitor)).to_contain_text(re.compile(r"Выполнено условий: (\d) из \1"))


@with_script
def test_another_code_is_not_offered_before_its_time(visitor: Visitor) -> None:
    page = visitor.page
    page.clock.install()
    give_phone(visitor)
    another = visitor.button(ANOTHER)
    expect(another).to_be_disabled()
    expect(another).to_have_accessible_description(re.compile(r"можно в \d\d:\d\d \(через \d+ с\)"))
    another.click(force=True)
    expect(_said(visitor)).to_contain_text("можно в")
    assert visitor.count("registration-code") == 1
    page.clock.fast_forward(20_000)
    expect(page.get_by_text(re.compile(r"через (3\d|40) с")).first).to_be_visible()
    page.clock.fast_forward(45_000)
    expect(another).to_be_enabled()
    expect(page.locator("#another-wait")).to_have_count(0)


def test_a_code_asked_for_too_early_is_told_at_its_button(visitor: Visitor, scripted: bool) -> None:
    page = visitor.page
    if scripted:
        page.clock.install()
    give_phone(visitor)
    if scripted:
        page.evaluate("document.querySelector('#another').form.requestSubmit(document.querySelector('#another'))")
        visitor.browser_errors.expected_failures[422] += 1
    else:
        with visitor.refusal():
            visitor.press(ANOTHER)
    another = visitor.button(ANOTHER)
    expect(another).to_have_accessible_description(re.compile(EARLY))
    expect(another).to_be_focused()
    expect(visitor.field("Код из СМС")).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("#code-error")).to_have_count(0)
    if scripted:
        expect(another).to_have_accessible_description(re.compile(r"через \d+ с"))
        page.clock.fast_forward(65_000)
        expect(another).to_be_enabled()
        expect(page.get_by_text(EARLY)).to_have_count(0)


def test_the_main_button_asks_for_another_code_when_none_can_be_right(visitor: Visitor) -> None:
    page = visitor.page
    give_phone(visitor)
    main, another = visitor.button("Подтвердить номер"), visitor.button(ANOTHER)
    expect(another).to_have_class("quiet")
    expect(main).not_to_have_class("quiet")
    visitor.server.sql("UPDATE one_time_codes SET expires_at = sent_at")
    visitor.server.sql("DELETE FROM throttles")
    page.reload()
    expect(main).to_have_class("quiet")
    expect(another).not_to_have_class("quiet")


@without_script
def test_a_new_password_asked_for_too_early_is_told_at_its_button(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/")
    visitor.field(PHONE).fill(visitor.phone)
    visitor.press("Далее")
    visitor.press("Я забыл пароль")
    visitor.expect_screen("/recovery/code", "recovery-code")
    visitor.server.sql("UPDATE one_time_codes SET expires_at = sent_at")
    visitor.open("/sign-in/password")
    with visitor.refusal():
        visitor.press("Я забыл пароль")
    forgotten = visitor.button("Я забыл пароль")
    expect(forgotten).to_have_accessible_description(re.compile(EARLY))
    expect(forgotten).to_be_focused()
    expect(visitor.field("Пароль")).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("#password-error")).to_have_count(0)
