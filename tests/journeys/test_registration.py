"""The whole way of a customer, and of one who is not in the registry, by the labels they read."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.server import STAFF
from tests.journeys.steps import (
    CONSENT,
    PASSWORD,
    confirm_phone,
    fill_bill,
    fill_person,
    find_bill,
    miss_bill,
)
from tests.journeys.visitor import Visitor

pytest_plugins = ["tests.journeys.fixtures"]


def test_customer_registers_confirms_the_mail_and_comes_back(visitor: Visitor) -> None:
    page, bill = visitor.page, visitor.bill
    visitor.open("/")
    visitor.expect_screen("/", "sign-in-phone")
    page.get_by_role("link", name="Регистрация").click()
    page.get_by_role("link", name="По лицевому счету").click()

    visitor.expect_step("phone")
    expect(visitor.field(CONSENT)).not_to_be_checked()
    visitor.field("Номер мобильного телефона").fill(f"8 ({visitor.phone[:3]}) {visitor.phone[3:]}")
    visitor.field(CONSENT).check()
    visitor.press("Далее")

    visitor.expect_step("code")
    expect(page.get_by_role("heading", name="Подтверждение номера мобильного телефона")).to_be_visible()
    expect(page.get_by_text(f"+7 900 ···-··-{visitor.phone[-2:]}")).to_be_visible()
    visitor.paste("Код из СМС", visitor.server.messages(visitor.international)[0].text)
    visitor.press("Подтвердить номер")

    visitor.expect_step("bill")
    assert bill.address not in page.content()
    expect(visitor.field("Расчетный период").get_by_role("option")).to_have_count(3)
    fill_bill(visitor)
    roubles, kopecks = bill.amount.split(",")
    visitor.paste("Номер лицевого счета", f"Номер лицевого счета: {bill.account_number}")
    visitor.paste("Сумма к оплате", f"Сумма к оплате {roubles} руб. {kopecks} коп.")
    visitor.press("Далее")

    visitor.expect_step("address")
    expect(page.get_by_role("heading", name="Это ваш адрес?")).to_be_visible()
    expect(page.get_by_text(bill.address)).to_be_visible()
    visitor.press("Да")

    visitor.expect_step("person")
    expect(page.get_by_role("link", name="условия использования сервиса")).to_be_visible()
    fill_person(visitor)
    visitor.press("Далее")

    visitor.expect_step("password")
    expect(page.get_by_role("heading", name="Создание пароля")).to_be_visible()
    visitor.field("Пароль").fill(PASSWORD)
    visitor.press("Зарегистрироваться")

    visitor.expect_screen("/profile", "profile-overview")
    _profile_is_right(visitor)
    _confirm_mail(visitor)
    _sign_out_and_in(visitor)


def _profile_is_right(visitor: Visitor) -> None:
    page, bill = visitor.page, visitor.bill
    for text in (visitor.email, bill.address, bill.account_number, bill.period, bill.amount):
        expect(page.locator("#profile-overview").get_by_text(text).first, f"the profile lacks {text}").to_be_visible()
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_text("Подтвердите почту: письмо отправлено на")).to_be_visible()


def _confirm_mail(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(visitor.server.messages(visitor.email)[0].link)
    expect(page.locator("#email-confirmation")).to_be_visible()
    visitor.press("Подтвердить почту")
    expect(page.locator("#email-confirmed")).to_be_visible()
    page.get_by_role("link", name="Перейти в личный кабинет").click()
    visitor.expect_screen("/profile", "profile-overview")
    expect(page.get_by_text("Подтвердите почту")).to_have_count(0)


def _sign_out_and_in(visitor: Visitor) -> None:
    visitor.press("Выйти")
    visitor.expect_screen("/", "sign-in-phone")
    expect(visitor.button("Выйти")).to_have_count(0)
    visitor.field("Номер мобильного телефона").fill(visitor.phone)
    visitor.press("Далее")
    visitor.expect_screen("/sign-in/password", "sign-in-password")
    visitor.field("Пароль").fill(PASSWORD)
    visitor.press("Войти в личный кабинет")
    visitor.expect_screen("/profile", "profile-overview")
    assert visitor.count("registration-code") == 1
    assert visitor.count("email-confirmation") == 1


def test_customer_who_is_not_found_sends_a_request(visitor: Visitor) -> None:
    page, bill = visitor.page, visitor.bill
    miss_bill(visitor)
    expect(
        page.get_by_role("alert").get_by_text("Введены некорректные данные: данного абонента нет в системе")
    ).to_be_visible()
    expect(page.locator(".summary")).to_be_focused()
    expect(visitor.field("Номер лицевого счета")).to_have_value(bill.account_number)
    expect(visitor.field("Сумма к оплате")).to_have_value("1,00")
    page.get_by_role("link", name="Отправить заявку на подключение").click()

    visitor.expect_step("connection")
    expect(page.get_by_role("heading", name="Заявка на подключение")).to_be_visible()
    expect(visitor.field("Телефон")).not_to_be_editable()
    expect(visitor.field("Номер лицевого счета")).to_have_value(bill.account_number)
    typed = {
        "Фамилия": "Орлов",
        "Имя": "Пётр",
        "Отчество": "Ильич",
        "Электронная почта": visitor.email,
        "Адрес": "Светлоречинск, Новая улица, 7, кв. 1",
        "Комментарий": "Дом сдан весной",
    }
    for label, text in typed.items():
        visitor.field(label).fill(text)
    visitor.press("Отправить заявку")

    visitor.expect_step("sent")
    said = page.get_by_text("Номер заявки:").inner_text()
    number = re.sub(r"\D", "", said)
    assert number, f"no number of the request in {said!r}"
    received, staff = visitor.server.messages(visitor.email)[0], visitor.server.messages(STAFF)[0]
    assert number in received.text
    phone = visitor.phone
    shown = f"+7 {phone[:3]} {phone[3:6]}-{phone[6:8]}-{phone[8:]}"
    for text in (*typed.values(), number, shown, bill.account_number, bill.period, "1,00"):
        assert text in staff.text, f"the staff does not learn {text!r}"

    page.reload()
    visitor.expect_step("sent")
    visitor.open("/registration/account/connection")
    visitor.expect_step("sent")
    assert visitor.count("connection-request-received") == 1


def test_no_at_the_address_keeps_what_was_typed(visitor: Visitor) -> None:
    find_bill(visitor)
    bill = visitor.bill
    visitor.press("Нет")
    visitor.expect_step("bill")
    expect(visitor.field("Расчетный период").locator("option:checked")).to_have_text(bill.period)
    expect(visitor.field("Номер лицевого счета")).to_have_value(bill.account_number)
    expect(visitor.field("Сумма к оплате")).to_have_value(bill.amount)
    visitor.open("/registration/account/person")
    visitor.expect_step("bill")


@pytest.mark.parametrize("way", ["cookie", "row"])
def test_session_that_is_gone_is_told_and_led_on(visitor: Visitor, way: str) -> None:
    confirm_phone(visitor)
    fill_bill(visitor)
    if way == "cookie":
        visitor.page.context.clear_cookies()
    else:
        visitor.server.sql("DELETE FROM sessions")
    visitor.press("Далее")
    visitor.expect_screen("/registration/account/phone", "registration-account-phone")
    expect(visitor.page.get_by_text("Сеанс завершен. Начните заново")).to_be_visible()

    visitor.server.sql("DELETE FROM throttles")
    visitor.field("Номер мобильного телефона").fill(visitor.phone)
    visitor.field(CONSENT).check()
    visitor.press("Далее")
    visitor.expect_step("code")


def test_step_before_its_turn_leads_to_the_first(visitor: Visitor) -> None:
    for slug in ("code", "bill", "address", "person", "password", "connection", "sent"):
        visitor.open(f"/registration/account/{slug}")
        visitor.expect_step("phone")


def test_keyboard_alone_is_enough(visitor: Visitor) -> None:
    page, bill = visitor.page, visitor.bill
    visitor.open("/")
    _press_by_key(page, "link", "Регистрация", "Enter")
    _press_by_key(page, "link", "По лицевому счету", "Enter")
    visitor.expect_step("phone")
    _type(page, "Номер мобильного телефона", visitor.phone)
    _tab_to(page, "checkbox", CONSENT)
    page.keyboard.press("Space")
    _press_by_key(page, "button", "Далее", "Space")

    visitor.expect_step("code")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    _type(page, "Код из СМС", visitor.code())
    page.keyboard.press("Enter")

    visitor.expect_step("bill")
    _type(page, "Номер лицевого счета", bill.account_number)
    _type(page, "Сумма к оплате", bill.amount)
    page.keyboard.press("Enter")

    visitor.expect_step("address")
    _press_by_key(page, "button", "Да", "Enter")

    visitor.expect_step("person")
    people = (("Фамилия *", "Ли"), ("Имя *", "Ян"), ("Дата рождения *", "01.02.1950"))
    for label, text in people:
        _type(page, label, text)
    _type(page, "Электронная почта *", visitor.email)
    _press_by_key(page, "button", "Далее", "Enter")

    visitor.expect_step("password")
    _type(page, "Пароль", PASSWORD)
    page.keyboard.press("Enter")
    visitor.expect_screen("/profile", "profile-overview")


def _type(page: Page, label: str, text: str) -> None:
    _tab_to(page, "textbox", label)
    page.keyboard.type(text)


def _press_by_key(page: Page, role: str, name: str, key: str) -> None:
    _tab_to(page, role, name)
    page.keyboard.press(key)


def _tab_to(page: Page, role: str, name: str) -> None:
    """Press Tab until the element has the focus, which must be seen at every stop."""
    wanted = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    expect(wanted).to_be_visible()
    for _ in range(20):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle"
        )
        assert seen != "none", f"the focus cannot be seen on the way to «{name}» at {page.url}"
    pytest.fail(f"Tab does not reach «{name}» at {page.url}")
