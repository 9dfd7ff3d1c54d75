"""What is said of the connection and of the session: in sight, only when it is so, and with a way back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.journeys.modes import WITH_SCRIPT, WITHOUT_SCRIPT
from tests.journeys.steps import (
    CONSENT,
    PASSWORD,
    confirm_phone,
    fill_bill,
    give_person,
    give_phone,
    register,
)
from tests.journeys.visitor import Visitor

pytest_plugins = ["tests.journeys.fixtures"]
with_script = pytest.mark.parametrize("server", [WITH_SCRIPT], indirect=True)
without_script = pytest.mark.parametrize("server", [WITHOUT_SCRIPT], indirect=True)
PHONE = "Номер мобильного телефона"
ANOTHER = "Отправить код еще раз"


def _said(visitor: Visitor) -> Locator:
    return visitor.page.locator("#said")


def _is_uncovered(page: Page, selector: str) -> bool:
    """Whether the middle of an element is seen: in the window, and nothing lies over it."""
    seen: bool = page.evaluate(
        """(selector) => {
          const element = document.querySelector(selector);
          const { left, top, width, height } = element.getBoundingClientRect();
          const above = document.elementFromPoint(left + width / 2, top + height / 2);
          return element.contains(above);
        }""",
        selector,
    )
    return seen


@with_script
@pytest.mark.parametrize("path", ["/registration/account/bill", "/profile/security"])
def test_a_lost_connection_is_told_wherever_the_page_is_scrolled_to(visitor: Visitor, path: str) -> None:
    page = visitor.page
    if path.startswith("/profile"):
        register(visitor)
        visitor.open(path)
        last = page.get_by_role("link", name="Удалить личный кабинет")
    else:
        confirm_phone(visitor)
        fill_bill(visitor)
        last = visitor.field("Сумма к оплате")
    visitor.browser_errors.expected_words += ["ERR_INTERNET_DISCONNECTED", "Failed to fetch"]
    page.set_viewport_size({"width": 360, "height": 500})
    last.focus()
    page.context.set_offline(True)
    last.evaluate(
        "(element) => (element.form ?? element).matches('form') ? element.form.requestSubmit() : element.click()"
    )
    note = page.get_by_role("alert").filter(has_text="Нет связи")
    expect(note).to_be_in_viewport(ratio=1)
    last.focus()
    last.evaluate("(element) => element.setAttribute('data-here', '')")
    assert _is_uncovered(page, "[data-here]"), "the note covers the focused field"
    page.evaluate("scrollTo(0, 0)")
    expect(note).to_be_in_viewport(ratio=1)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(note).to_be_in_viewport(ratio=1)
    visitor.expect_no_sideways_scrolling()
    page.context.set_offline(False)
    expect(note).to_have_count(0)


@with_script
def test_a_failed_check_in_the_background_says_nothing(visitor: Visitor) -> None:
    page = visitor.page
    visitor.browser_errors.expected_words += ["ERR_FAILED", "Failed to fetch"]
    visitor.open("/registration/account/phone")
    page.route("**/fields/phone", lambda route: route.abort())
    visitor.field(PHONE).fill("123")
    with page.expect_event("requestfailed"):
        visitor.field(PHONE).press("Tab")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(_said(visitor)).to_be_empty()


@with_script
def test_a_silent_server_is_not_called_a_lost_connection(visitor: Visitor) -> None:
    page, held = visitor.page, list[Route]()
    page.clock.install()
    visitor.browser_errors.expected_words += ["timeout"]
    visitor.open("/registration/account/phone")
    visitor.field(PHONE).fill(visitor.phone)
    visitor.field(CONSENT).check()
    page.route("**/registration/account/phone", lambda route: held.append(route))
    with page.expect_request("**/registration/account/phone"):
        visitor.button("Далее").click()
    page.clock.fast_forward(31_000)
    expect(page.get_by_role("alert")).to_contain_text("Сервер не отвечает")
    expect(page.get_by_text("Нет связи")).to_have_count(0)
    expect(visitor.field(PHONE)).to_have_value(visitor.phone)


@with_script
def test_a_link_that_loads_shows_it(visitor: Visitor) -> None:
    page, held = visitor.page, list[Route]()
    visitor.open("/registration")
    page.route("**/registration/account/phone", lambda route: held.append(route))
    link = page.get_by_role("link", name="По лицевому счету")
    with page.expect_request("**/registration/account/phone"):
        link.click()
    expect(link).to_have_attribute("aria-busy", "true")
    held[0].continue_()
    visitor.expect_step("phone")
    expect(page.locator("[aria-busy]")).to_have_count(0)


@with_script
def test_the_end_of_a_session_is_told_when_near_and_takes_the_data_off_the_screen(visitor: Visitor) -> None:
    page = visitor.page
    register(visitor)
    page.clock.install()
    visitor.open("/profile/security/email")
    address = visitor.field("Электронная почта")
    address.fill("typed@example.org")
    # The check of the field is over before time is moved on: it would take too long.
    with page.expect_response("**/fields/email") as checked:
        address.press("Tab")
    checked.value.finished()
    soon = page.get_by_text("Если ничего не делать, вы выйдете из кабинета в")
    expect(soon.locator("visible=true")).to_have_count(0)
    page.clock.fast_forward("27:50")
    expect(soon.locator("visible=true")).to_have_count(0)
    page.clock.fast_forward("00:20")
    note = page.get_by_role("alert").filter(has_text="Скоро вы выйдете из кабинета")
    expect(note).to_be_in_viewport(ratio=1)
    expect(note).to_contain_text(re.compile(r"в \d\d:\d\d"))
    assert _is_uncovered(page, "#email")
    # Work in another tab keeps this one open, but only that of the same customer.
    tell_other_tabs = "data => new BroadcastChannel('session').postMessage(data)"
    visitor.browser_errors.expected_failures[404] += 1  # a page of text has no icon
    other = page.context.new_page()
    other.goto(f"{visitor.server.url}/health/live")
    whose = note.get_attribute("data-whose")
    page.evaluate("() => { new BroadcastChannel('session').onmessage = ({ data }) => { window.heard = data.whose; }; }")
    other.evaluate(tell_other_tabs, {"ends": "1800", "whose": "another"})
    page.wait_for_function("window.heard === 'another'")
    expect(note).to_be_visible()
    other.evaluate(tell_other_tabs, {"ends": "110", "whose": whose})
    expect(note).to_be_visible()
    other.evaluate(tell_other_tabs, {"ends": "1800", "whose": whose})
    expect(note).to_be_hidden()
    other.evaluate(tell_other_tabs, {"ends": "90", "whose": whose})
    expect(note).to_be_visible()
    other.close()
    address.focus()
    with visitor.answered():
        visitor.button("Продолжить").click()
    expect(note).to_have_count(0)
    expect(address).to_be_focused()

    page.clock.fast_forward("30:10")
    expect(page.get_by_role("heading", level=1)).to_have_text("Сеанс завершен")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_text("typed@example.org")).to_have_count(0)
    expect(page.locator("#typed, .places")).to_have_count(0)
    visitor.server.sql("UPDATE sessions SET idle_until = created_at WHERE customer IS NOT NULL")
    page.get_by_role("link", name="Войти").click()
    visitor.expect_screen("/", "sign-in-phone")
    visitor.field(PHONE).fill(visitor.phone)
    visitor.press("Далее")
    visitor.field("Пароль").fill(PASSWORD)
    visitor.press("Войти в личный кабинет")
    visitor.expect_screen("/profile/security/email", "profile-security-email")
    expect(address).to_have_value("typed@example.org")


@with_script
def test_signing_out_in_one_tab_takes_the_data_off_the_others(visitor: Visitor) -> None:
    page = visitor.page
    register(visitor)
    visitor.open("/profile/person")
    other = page.context.new_page()
    # Two slashes begin the name of another host in a link.
    other.goto(f"{visitor.server.url}//profile")
    expect(other.get_by_role("heading", level=1)).to_have_text("Счета")
    visitor.button("Выйти").click()
    visitor.expect_screen("/", "sign-in-phone")
    expect(other.get_by_role("heading", level=1)).to_have_text("Сеанс завершен")
    expect(other.locator(".places, .account")).to_have_count(0)
    back = other.get_by_role("link", name="Войти")
    assert back.evaluate("link => new URL(link.href).host === location.host && link.pathname") == "/profile"
    other.close()


@without_script
def test_the_end_of_a_session_stands_quietly_in_the_footer(visitor: Visitor) -> None:
    register(visitor)
    visitor.open("/profile/security")
    expect(visitor.page.locator("footer")).to_contain_text("Если ничего не делать, вы выйдете из кабинета в")
    expect(visitor.page.get_by_role("alert")).to_have_count(0)


def test_a_registration_that_was_idle_goes_on_with_the_same_number(visitor: Visitor) -> None:
    give_person(visitor)
    visitor.open("/registration/account/person")
    visitor.fill({"Имя": "Марианна"})
    visitor.server.sql("UPDATE sessions SET idle_until = created_at WHERE customer IS NULL")
    visitor.press("Далее")
    visitor.expect_step("phone")
    expect(visitor.page.get_by_text("Сеанс завершен. Начните заново")).to_be_visible()
    expect(visitor.page.get_by_text("Щербакова")).to_have_count(0)
    visitor.server.sql("DELETE FROM throttles")
    confirm_phone(visitor)
    expect(visitor.field("Номер лицевого счета")).to_have_value(visitor.bill.account_number)
    expect(visitor.field("Сумма к оплате")).to_have_value(re.compile(visitor.bill.amount[-6:]))
    visitor.press("Далее")
    visitor.expect_step("address")
    visitor.press("Да")
    visitor.expect_step("person")
    expect(visitor.field("Фамилия")).to_have_value("Щербакова-Иванова")
    expect(visitor.field("Имя")).to_have_value("Марианна")


@with_script
def test_notes_are_said(visitor: Visitor) -> None:
    give_phone(visitor)
    visitor.server.sql("DELETE FROM throttles")
    visitor.page.reload()
    visitor.press(ANOTHER)
    expect(_said(visitor)).to_contain_text("Мы отправили код еще раз")
    expect(visitor.page.get_by_role("heading", level=1)).to_be_focused()
