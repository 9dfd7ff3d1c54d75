"""The cabinet as customers use it: its places, the menu of an account, the history of bills, another name."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.modes import WITH_SCRIPT
from tests.journeys.steps import register
from tests.journeys.visitor import Visitor

pytest_plugins = ["tests.journeys.fixtures"]
PLACES = {
    "Карты": ("/profile/cards", "profile-cards"),
    "Профиль": ("/profile/person", "profile-person"),
    "Безопасность": ("/profile/security", "profile-security-overview"),
    "Счета": ("/profile", "profile-overview"),
}
# Whether the bar at the bottom of the screen lies on what has the focus.
_COVERED = """
() => {
  const bar = document.querySelector(".places"), focused = document.activeElement;
  if (bar.contains(focused) || focused === document.body) return "";
  const { top, bottom } = focused.getBoundingClientRect();
  const edge = bar.getBoundingClientRect().top;
  return top < edge && bottom <= edge ? "" : focused.outerHTML.slice(0, 80);
}
"""


def _go(visitor: Visitor, place: str) -> None:
    visitor.page.get_by_role("navigation", name="Личный кабинет").get_by_role("link", name=place).click()
    path, screen = PLACES[place]
    visitor.expect_screen(path, screen)
    current = visitor.page.locator(".places [aria-current=page]")
    expect(current).to_have_text(place)
    heading = visitor.page.get_by_role("heading", level=1, name=place, exact=True)
    expect(heading, f"the focus is not on the heading of «{place}»").to_be_focused()


def test_customer_walks_through_the_cabinet(visitor: Visitor) -> None:
    register(visitor)
    page = visitor.page
    expect(page.get_by_role("status").filter(has_text="Вы зарегистрированы")).to_have_count(1)
    for place in PLACES:
        _go(visitor, place)
    expect(page.get_by_text("Вы зарегистрированы")).to_have_count(0)

    account = page.get_by_role("region", name=visitor.bill.address)
    account.get_by_role("link", name="История счетов").click()
    expect(page.get_by_role("heading", name="История счетов")).to_be_focused()
    expect(page.get_by_role("cell", name=visitor.bill.amount)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Скачать", exact=True).click()
    assert download.value.suggested_filename == "bills.csv"
    assert visitor.bill.account_number in download.value.path().read_text(encoding="utf-8-sig")

    _go(visitor, "Профиль")
    page.get_by_role("link", name="Изменить имя").click()
    visitor.expect_screen("/profile/person/name", "profile-name")
    visitor.fill({"Фамилия": "", "Имя": ""})
    visitor.press_and_expect_errors(
        "Сохранить", {"Фамилия": "Заполните обязательное поле", "Имя": "Заполните обязательное поле"}
    )
    visitor.fill({"Фамилия": "Смирнова", "Имя": "Ольга"})
    visitor.press("Сохранить")
    visitor.expect_screen("/profile/person", "profile-person")
    expect(page.get_by_role("status").filter(has_text="Имя сохранено")).to_have_count(1)
    expect(page.get_by_text("Ольга Сергеевна Смирнова")).to_be_visible()


def _covered_on_the_way_down(page: Page) -> list[str]:
    """What the bar lay on of all that has the focus, from the heading to the last link of the footer."""
    last, found = page.locator("footer a").last, []
    while not last.evaluate("link => link === document.activeElement"):
        page.keyboard.press("Tab")
        found.append(page.evaluate(_COVERED))
        assert len(found) < 40, "the end of the page is not reached"
    return [one for one in found if one]


@pytest.mark.parametrize("server", [WITH_SCRIPT], indirect=True)
def test_menu_and_places_by_keyboard(visitor: Visitor) -> None:
    register(visitor)
    page = visitor.page
    assert page.locator(".places").evaluate("bar => getComputedStyle(bar).position") == "fixed"
    assert _covered_on_the_way_down(page) == []

    button = page.get_by_role("region", name=visitor.bill.address).locator("summary")
    item = page.get_by_role("link", name=re.compile("^Убрать из кабинета"))
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(item).to_be_focused()
    page.keyboard.press("Escape")
    expect(item).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(item).to_be_visible()
    page.get_by_role("heading", level=1).click()
    expect(item).to_be_hidden()

    page.get_by_role("link", name="Добавить лицевой счет").click()
    expect(page.get_by_role("heading", name="Добавить лицевой счет")).to_be_focused()
