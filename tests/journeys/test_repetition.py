"""Back, reload, a second tab, buttons pressed twice: never a dead end, never a second message or customer."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys.steps import CONSENT, PASSWORD, fill_bill, fill_person, find_bill, give_phone, register
from tests.journeys.visitor import Visitor

pytest_plugins = ["tests.journeys.fixtures"]


def test_every_button_pressed_twice_costs_one_sms_and_one_mail(visitor: Visitor) -> None:
    visitor.open("/registration/account/phone")
    visitor.field("Номер мобильного телефона").fill(visitor.phone)
    visitor.field(CONSENT).check()
    _press_twice(visitor, "Далее")
    visitor.expect_step("code")
    visitor.field("Код из СМС").fill(visitor.code())
    _press_twice(visitor, "Подтвердить номер")
    visitor.expect_step("bill")
    fill_bill(visitor)
    _press_twice(visitor, "Далее")
    visitor.expect_step("address")
    _press_twice(visitor, "Да")
    visitor.expect_step("person")
    fill_person(visitor)
    _press_twice(visitor, "Далее")
    visitor.expect_step("password")
    visitor.field("Пароль").fill(PASSWORD)
    _press_twice(visitor, "Зарегистрироваться")
    visitor.expect_screen("/profile", "profile-overview")
    _one_of_each(visitor)
    _press_twice(visitor, "Выйти")
    visitor.expect_screen("/", "sign-in-phone")


def _press_twice(visitor: Visitor, name: str) -> None:
    visitor.button(name).dblclick()


def _one_of_each(visitor: Visitor) -> None:
    assert visitor.count("registration-code") == 1, "more than one SMS was sent"
    assert visitor.count("email-confirmation") == 1, "more than one e-mail was sent"
    customers = visitor.server.sql(f"SELECT count(*) FROM customer_accounts WHERE account = {_account(visitor)}")
    assert customers == [(1,)], "more than one customer has the account"


def _account(visitor: Visitor) -> int:
    found = visitor.server.sql(f"SELECT id FROM accounts WHERE number = '{visitor.bill.account_number}'")
    return int(found[0][0])


def test_back_and_reload_at_every_step_lead_on(visitor: Visitor) -> None:
    page = visitor.page
    find_bill(visitor)
    for _ in range(2):
        page.reload()
        visitor.expect_step("address")
    page.go_back()
    visitor.expect_step("bill")
    expect(visitor.field("Номер лицевого счета")).to_have_value(visitor.bill.account_number)
    visitor.press("Далее")
    visitor.expect_step("address")
    visitor.press("Да")
    visitor.expect_step("person")
    fill_person(visitor)
    visitor.press("Далее")
    visitor.expect_step("password")
    page.go_back()
    visitor.expect_step("person")
    expect(visitor.field("Фамилия")).to_have_value("Щербакова-Иванова")
    page.reload()
    visitor.expect_step("person")
    visitor.press("Далее")
    visitor.expect_step("password")
    visitor.open("/registration/account/code")
    visitor.expect_step("password")
    visitor.field("Пароль").fill(PASSWORD)
    visitor.press("Зарегистрироваться")
    visitor.expect_screen("/profile", "profile-overview")

    page.go_back()
    visitor.expect_screen("/profile", "profile-overview")
    for path in ("/", "/registration", "/registration/account/password", "/sign-in/phone"):
        visitor.open(path)
        visitor.expect_screen("/profile", "profile-overview")
    _one_of_each(visitor)


def test_back_after_sign_out_shows_nothing_of_the_profile(visitor: Visitor) -> None:
    register(visitor)
    visitor.press("Выйти")
    visitor.expect_screen("/", "sign-in-phone")
    visitor.page.go_back()
    expect(visitor.page.locator("#sign-in-phone")).to_be_visible()
    expect(visitor.page.get_by_text(visitor.bill.address)).to_have_count(0)


def test_second_tab_takes_part_in_the_same_registration(visitor: Visitor) -> None:
    first = visitor.page
    give_phone(visitor)
    code = visitor.code()
    second = first.context.new_page()
    _turn_to(visitor, second)
    visitor.open("/registration/account/phone")
    visitor.expect_step("phone")
    visitor.press("Далее")
    visitor.expect_step("code")
    visitor.field("Код из СМС").fill(code)
    visitor.press("Подтвердить номер")
    visitor.expect_step("bill")

    _turn_to(visitor, first)
    visitor.field("Код из СМС").fill(code)
    visitor.press("Подтвердить номер")
    visitor.expect_step("bill")
    fill_bill(visitor)
    visitor.press("Далее")
    visitor.expect_step("address")

    _turn_to(visitor, second)
    fill_bill(visitor)
    visitor.press("Далее")
    visitor.expect_step("address")
    visitor.press("Да")
    visitor.expect_step("person")

    _turn_to(visitor, first)
    visitor.press("Да")
    visitor.expect_step("person")
    fill_person(visitor)
    visitor.press("Далее")
    visitor.expect_step("password")
    visitor.field("Пароль").fill(PASSWORD)
    visitor.press("Зарегистрироваться")
    visitor.expect_screen("/profile", "profile-overview")

    _turn_to(visitor, second)
    fill_person(visitor)
    visitor.press("Далее")
    visitor.expect_screen("/profile", "profile-overview")
    _one_of_each(visitor)


def _turn_to(visitor: Visitor, tab: Page) -> None:
    # A tab behind another paints late, and every click waits for that.
    tab.bring_to_front()
    visitor.page = tab


def test_mail_link_is_good_on_another_device_and_twice(visitor: Visitor) -> None:
    register(visitor)
    link = visitor.server.messages(visitor.email)[0].link
    visitor.page.context.clear_cookies()
    for _ in range(2):
        # A scanner of the mail server opens links; nothing is confirmed by that.
        visitor.page.goto(link)
        expect(visitor.button("Подтвердить почту")).to_be_visible()
    visitor.button("Подтвердить почту").dblclick()
    expect(visitor.page.locator("#email-confirmed")).to_be_visible()
    visitor.page.goto(link)
    expect(visitor.page.locator("#email-confirmed")).to_be_visible()
