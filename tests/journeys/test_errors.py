"""Every "no" of the steps: its binding text beside its field, the focus where it helps, what was typed kept."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.steps import (
    CONSENT,
    PASSWORD,
    confirm_address,
    confirm_phone,
    fill_person,
    give_person,
    give_phone,
    miss_bill,
    register,
)
from tests.journeys.visitor import Visitor

pytest_plugins = ["tests.journeys.fixtures"]
PHONE = "Номер мобильного телефона"
CONSENT_MISSING = "Подтвердите согласие на обработку персональных данных"
REQUIRED = "Заполните обязательное поле"


def test_phone_and_consent(visitor: Visitor) -> None:
    visitor.open("/registration/account/phone")
    visitor.press_and_expect_errors("Далее", {PHONE: "Введите номер мобильного телефона", CONSENT: CONSENT_MISSING})

    for wrong in ("8 495 123-45-67", "+1 202 555 0143", "телефон"):
        visitor.field(PHONE).fill(wrong)
        visitor.field(CONSENT).check()
        visitor.press_and_expect_errors("Далее", {PHONE: "Введен некорректный номер телефона"})
        expect(visitor.field(PHONE)).to_have_value(wrong)
        expect(visitor.field(CONSENT)).to_be_checked()

    visitor.field(PHONE).fill(visitor.phone)
    visitor.field(CONSENT).uncheck()
    visitor.press_and_expect_errors("Далее", {CONSENT: CONSENT_MISSING})
    expect(visitor.field(PHONE)).to_have_value(visitor.phone)
    assert visitor.count("registration-code") == 0


def test_code(visitor: Visitor) -> None:
    give_phone(visitor)
    right = visitor.code()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    code = visitor.field("Код из СМС")
    visitor.press_and_expect_errors("Подтвердить номер", {"Код из СМС": "Введите код из СМС"})
    code.fill(wrong)
    visitor.press_and_expect_errors("Подтвердить номер", {"Код из СМС": "Код не соответствует полученному в СМС"})
    expect(code).to_have_value("")
    assert visitor.count("registration-code") == 1

    visitor.server.sql("UPDATE one_time_codes SET expires_at = sent_at")
    code.fill(right)
    visitor.press_and_expect_errors("Подтвердить номер", {"Код из СМС": "Срок действия кода истек. Запросите новый"})

    visitor.server.sql("DELETE FROM throttles")
    visitor.open("/registration/account/code")
    visitor.press("Отправить код еще раз")
    expect(visitor.page.get_by_role("status").get_by_text("Мы отправили код еще раз")).to_be_visible()
    wrong = f"{(int(visitor.code()) + 1) % 1_000_000:06d}"
    for _ in range(4):
        code.fill(wrong)
        visitor.press_and_expect_errors("Подтвердить номер", {"Код из СМС": "Код не соответствует полученному в СМС"})
    for _ in range(2):
        code.fill(wrong)
        exhausted = "Превышено число попыток ввода кода. Запросите новый"
        visitor.press_and_expect_errors("Подтвердить номер", {"Код из СМС": exhausted})

    visitor.server.sql("DELETE FROM throttles")
    visitor.open("/registration/account/code")
    visitor.press("Отправить код еще раз")
    code.fill(visitor.code())
    visitor.press("Подтвердить номер")
    visitor.expect_step("bill")


def test_bill(visitor: Visitor) -> None:
    page = visitor.page
    confirm_phone(visitor)
    number, amount = "Номер лицевого счета", "Сумма к оплате"
    visitor.press_and_expect_errors("Далее", {number: "Введите номер лицевого счета", amount: "Введите сумму к оплате"})
    visitor.fill({number: visitor.bill.account_number, amount: "1e3"})
    visitor.press_and_expect_errors("Далее", {amount: "Введите сумму к оплате в виде 1234,56"})
    expect(visitor.field(amount)).to_have_value("1e3")

    unknown = page.get_by_role("alert").get_by_text("Введены некорректные данные: данного абонента нет в системе")
    visitor.fill({amount: "1,00"})
    for _ in range(5):
        with visitor.refusal():
            visitor.press("Далее")
        expect(unknown).to_be_visible()
        expect(page.locator(".summary")).to_be_focused()
        expect(page).to_have_title(re.compile("^Ошибка: "))
    with visitor.refusal():
        visitor.press("Далее")
    too_often = re.compile(r"Превышено число попыток\. Повторите .+ или отправьте заявку на подключение")
    expect(page.get_by_role("alert").get_by_text(too_often)).to_be_visible()
    expect(visitor.field(amount)).to_have_value("1,00")
    visitor.expect_no_sideways_scrolling()
    page.get_by_role("link", name="Отправить заявку на подключение").click()
    visitor.expect_step("connection")


def test_person(visitor: Visitor) -> None:
    confirm_address(visitor)
    needed = ("Фамилия", "Имя", "Дата рождения", "Электронная почта")
    visitor.press_and_expect_errors("Далее", dict.fromkeys(needed, REQUIRED))

    fill_person(visitor)
    visitor.fill({"Дата рождения": "31.02.1990", "Электронная почта": "maria@", "Имя": "Мария 1"})
    wrong = {
        "Имя": "Допустимы только буквы, пробел, дефис и апостроф",
        "Дата рождения": "Введите дату рождения в виде ДД.ММ.ГГГГ",
        "Электронная почта": "Введен некорректный адрес электронной почты",
    }
    visitor.press_and_expect_errors("Далее", wrong)
    expect(visitor.field("Дата рождения")).to_have_value("31.02.1990")
    expect(visitor.field("Электронная почта")).to_have_value("maria@")

    fill_person(visitor)
    visitor.fill({"Дата рождения": "сегодня"})
    visitor.press_and_expect_errors("Далее", {"Дата рождения": wrong["Дата рождения"]})
    expect(visitor.field("Фамилия")).to_have_value("Щербакова-Иванова")


def test_password(visitor: Visitor) -> None:
    page = visitor.page
    give_person(visitor)
    visitor.press_and_expect_errors("Зарегистрироваться", {"Пароль": "Введите пароль"})
    visitor.field("Пароль").fill("мария")
    visitor.press_and_expect_errors("Зарегистрироваться", {"Пароль": "Пароль не соответствует всем условиям"})
    expect(visitor.field("Пароль")).to_have_value("")
    conditions = page.get_by_role("list", name="Условия для пароля")
    expect(conditions.locator(".unmet", has_text="от 10 до 128 знаков")).to_have_text(re.compile("не выполнено"))
    expect(conditions.locator(".unmet", has_text="имя")).to_have_count(1)
    visitor.field("Пароль").fill("1234567890")
    visitor.press_and_expect_errors("Зарегистрироваться", {"Пароль": "Пароль не соответствует всем условиям"})
    expect(conditions.locator(".unmet", has_text="популярных")).to_have_count(1)
    assert visitor.count("email-confirmation") == 0


def test_connection(visitor: Visitor) -> None:
    miss_bill(visitor)
    visitor.page.get_by_role("link", name="Отправить заявку на подключение").click()
    visitor.expect_step("connection")
    visitor.press_and_expect_errors(
        "Отправить заявку", dict.fromkeys(("Фамилия", "Имя", "Электронная почта", "Адрес"), REQUIRED)
    )
    typed = {
        "Фамилия": "Орлов",
        "Имя": "Пётр",
        "Электронная почта": "почта",
        "Адрес": "Новая, 7",
        "Комментарий": "Две\nстроки",
    }
    visitor.fill(typed)
    visitor.press_and_expect_errors(
        "Отправить заявку", {"Электронная почта": "Введен некорректный адрес электронной почты"}
    )
    for label, text in typed.items():
        expect(visitor.field(label)).to_have_value(text)
    assert visitor.count("connection-request-received") == 0


def test_sign_in(visitor: Visitor) -> None:
    register(visitor)
    visitor.press("Выйти")
    visitor.expect_screen("/", "sign-in-phone")
    visitor.press_and_expect_errors("Далее", {PHONE: "Введите номер мобильного телефона"})
    visitor.field(PHONE).fill("12345")
    visitor.press_and_expect_errors("Далее", {PHONE: "Введен некорректный номер телефона"})
    visitor.field(PHONE).fill(visitor.phone)
    visitor.press("Далее")
    visitor.expect_screen("/sign-in/password", "sign-in-password")
    visitor.press_and_expect_errors("Войти в личный кабинет", {"Пароль": "Введите пароль"})
    for _ in range(5):
        visitor.field("Пароль").fill("не тот пароль")
        visitor.press_and_expect_errors("Войти в личный кабинет", {"Пароль": "Неверный логин или пароль"})
        expect(visitor.field("Пароль")).to_have_value("")
    visitor.field("Пароль").fill(PASSWORD)
    visitor.press_and_expect_errors("Войти в личный кабинет", {"Пароль": "Превышено число попыток входа. Повторите в"})


@pytest.mark.parametrize("path", ["/email/confirmation/nothing", "/no-such-page"])
def test_dead_links_lead_on(visitor: Visitor, path: str) -> None:
    visitor.browser_errors.expected_failures[410 if "email" in path else 404] += 1
    visitor.open(path)
    expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    visitor.expect_no_sideways_scrolling()
    visitor.page.locator("main").get_by_role("link").first.click()
    visitor.expect_screen("/", "sign-in-phone")
