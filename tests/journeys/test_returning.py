"""The customer comes back: sign-in, a forgotten password, the lockout, one more account, and the security page."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Error, expect

from tests.journeys.modes import WITH_SCRIPT
from tests.journeys.steps import PASSWORD, register
from tests.journeys.visitor import Visitor

pytest_plugins = ["tests.journeys.fixtures"]
NEW = "осенний берег у моря 7"


def _give_phone(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.field("Номер мобильного телефона").fill(visitor.phone)
    visitor.press("Далее")
    visitor.expect_screen("/sign-in/password", "sign-in-password")


def _enter(visitor: Visitor, password: str) -> None:
    visitor.field("Пароль").fill(password)
    visitor.press("Войти в личный кабинет")


def _clear_throttles(visitor: Visitor) -> None:
    """Nothing but time ends the pause between two SMS of a phone."""
    visitor.server.sql("DELETE FROM throttles")


def test_customer_who_forgot_the_password_sets_another_and_comes_in(visitor: Visitor) -> None:
    register(visitor)
    visitor.press("Выйти")
    _clear_throttles(visitor)
    _give_phone(visitor)
    visitor.press_and_expect_errors("Войти в личный кабинет", {"Пароль": "Введите пароль"})
    visitor.field("Пароль").fill("not this one")
    visitor.press_and_expect_errors("Войти в личный кабинет", {"Пароль": "Неверный логин или пароль"})
    visitor.press("Я забыл пароль")
    visitor.expect_screen("/recovery/code", "recovery-code")
    visitor.field("Код из СМС").fill(visitor.code())
    visitor.press("Подтвердить номер")
    visitor.expect_screen("/recovery/password", "recovery-password")
    visitor.field("Пароль").fill(NEW)
    visitor.press("Сохранить и перейти ко входу")
    visitor.expect_screen("/sign-in/password", "sign-in-password")
    expect(visitor.page.get_by_role("status")).to_contain_text("Пароль сохранен")
    _enter(visitor, NEW)
    visitor.expect_screen("/profile", "profile-overview")
    assert visitor.count("password-changed") == 1


def test_sixth_wrong_password_is_told_when_to_come_again_and_recovery_stays_open(visitor: Visitor) -> None:
    _give_phone(visitor)
    for _ in range(5):
        with visitor.refusal():
            _enter(visitor, "not this one")
    visitor.field("Пароль").fill(PASSWORD)
    visitor.press_and_expect_errors("Войти в личный кабинет", {"Пароль": "Превышено число попыток входа. Повторите в "})
    expect(visitor.page.get_by_text(re.compile(r"Повторите в \d\d:\d\d"))).to_be_visible()
    visitor.press("Я забыл пароль")
    visitor.expect_screen("/recovery/code", "recovery-code")


def test_account_of_the_parents_is_added_and_taken_away_again(visitor: Visitor) -> None:
    register(visitor)
    page, second = visitor.page, visitor.server.bill(10 + visitor.number % 80)
    page.get_by_role("link", name="Добавить лицевой счет").click()
    visitor.expect_screen("/profile/accounts/new", "profile-overview")
    visitor.press_and_expect_errors(
        "Добавить",
        {"Номер лицевого счета": "Введите номер лицевого счета", "Сумма к оплате": "Введите сумму к оплате"},
    )
    visitor.field("Расчетный период").select_option(label=visitor.bill.period)
    visitor.fill({"Номер лицевого счета": visitor.bill.account_number, "Сумма к оплате": visitor.bill.amount})
    visitor.press_and_expect_errors("Добавить", {"Номер лицевого счета": "Этот лицевой счет уже добавлен"})
    visitor.field("Расчетный период").select_option(label=second.period)
    visitor.fill({"Номер лицевого счета": second.account_number, "Сумма к оплате": second.amount})
    visitor.press("Добавить")
    visitor.expect_screen("/profile", "profile-overview")
    expect(page.get_by_role("heading", name=second.address, exact=True)).to_be_visible()
    account = page.get_by_role("region", name=second.address)
    account.locator("summary").click()
    account.get_by_role("link", name="Убрать из кабинета").click()
    expect(page.get_by_role("heading", name="Убрать лицевой счет из кабинета?")).to_be_visible()
    visitor.press("Убрать из кабинета")
    visitor.expect_screen("/profile", "profile-overview")
    expect(page.get_by_role("heading", name=second.address, exact=True)).to_have_count(0)


def test_security_page_changes_the_password_and_the_phone_and_ends_the_cabinet(visitor: Visitor) -> None:
    register(visitor)
    page = visitor.page
    page.get_by_role("link", name="Безопасность").click()
    visitor.expect_screen("/profile/security", "profile-security-overview")
    page.get_by_role("link", name="Изменить пароль").click()
    visitor.expect_screen("/profile/security/password", "profile-security-password")
    visitor.fill({"Текущий пароль": NEW, "Пароль": NEW})
    visitor.press_and_expect_errors("Сохранить", {"Текущий пароль": "Неверный пароль"})
    visitor.fill({"Текущий пароль": PASSWORD, "Пароль": NEW})
    visitor.press("Сохранить")
    visitor.expect_screen("/profile/security", "profile-security-overview")
    expect(page.get_by_role("status")).to_contain_text("Пароль сохранен")
    # Told once, and nothing of it stands in the address.
    expect(page).to_have_url(visitor.server.url + "/profile/security")
    page.reload()
    visitor.expect_screen("/profile/security", "profile-security-overview")
    expect(page.get_by_role("status")).to_have_count(0)

    new_phone = f"901{visitor.number:07d}"
    page.get_by_role("link", name="Изменить номер телефона").click()
    visitor.expect_screen("/profile/security/phone", "profile-security-phone")
    visitor.field("Номер мобильного телефона").fill(new_phone)
    visitor.press("Далее")
    visitor.expect_screen("/profile/security/phone/code", "profile-security-phone-code")
    visitor.field("Код из СМС").fill(visitor.server.messages(f"+7{new_phone}")[0].code)
    visitor.press("Подтвердить номер")
    visitor.expect_screen("/profile/security", "profile-security-overview")
    assert visitor.count("phone-changed") == 1

    with page.expect_download() as download:
        page.get_by_role("link", name="Скачать мои данные").click()
    assert download.value.suggested_filename == "kabinet.json"
    page.get_by_role("link", name="Удалить личный кабинет").click()
    visitor.expect_screen("/profile/deletion", "profile-deletion")
    visitor.field("Пароль").fill(NEW)
    visitor.press("Удалить личный кабинет")
    visitor.expect_screen("/", "sign-in-phone")
    expect(page.get_by_role("status")).to_contain_text("Личный кабинет удален")


def test_lost_session_leads_back_to_the_same_place_with_what_was_typed(visitor: Visitor) -> None:
    register(visitor)
    visitor.open("/profile/security/email")
    visitor.field("Электронная почта").fill("typed@example.org")
    visitor.server.sql("UPDATE sessions SET idle_until = created_at WHERE customer IS NOT NULL")
    visitor.press("Далее")
    visitor.expect_screen("/", "sign-in-phone")
    visitor.field("Номер мобильного телефона").fill(visitor.phone)
    visitor.press("Далее")
    _enter(visitor, PASSWORD)
    visitor.expect_screen("/profile/security/email", "profile-security-email")
    expect(visitor.field("Электронная почта")).to_have_value("typed@example.org")


@pytest.mark.parametrize("server", [WITH_SCRIPT], indirect=True)
def test_back_shows_no_profile_after_the_session_has_ended(remembering_browser: Browser, visitor: Visitor) -> None:
    """Browsers keep whole documents in memory for Back; the one of the first page holds the profile by then."""
    register(visitor)
    visitor.press("Выйти")
    _clear_throttles(visitor)
    context = remembering_browser.new_context(locale="ru-RU")
    page = context.new_page()
    customer = replace(visitor, page=page)
    _give_phone(customer)
    _enter(customer, PASSWORD)
    customer.expect_screen("/profile", "profile-overview")
    page.goto(f"{visitor.server.url}/health/live")
    visitor.server.sql("DELETE FROM sessions")
    # Where the document comes from memory nothing is loaded, which playwright would wait for.
    with contextlib.suppress(Error):
        page.go_back(wait_until="commit", timeout=2_000)
    expect(page.locator("#sign-in-phone")).to_be_visible()
    expect(page.locator("#profile-overview")).to_have_count(0)
