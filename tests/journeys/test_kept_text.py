"""Another picture, another language and the spoken code leave the focus and what was typed as they are."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.modes import WITH_SCRIPT, WITHOUT_SCRIPT
from tests.journeys.steps import (
    CONSENT,
)
from tests.journeys.visitor import Visitor

pytest_plugins = ["tests.journeys.fixtures"]
with_script = pytest.mark.parametrize("server", [WITH_SCRIPT], indirect=True)
without_script = pytest.mark.parametrize("server", [WITHOUT_SCRIPT], indirect=True)
PHONE = "Номер мобильного телефона"


def _said(visitor: Visitor) -> Locator:
    return visitor.page.locator("#said")


def test_another_picture_keeps_the_focus_and_what_was_typed(visitor: Visitor, scripted: bool) -> None:
    page = visitor.page
    visitor.open("/registration/card/card")
    typed = {"Номер карты": "4000 0000 0000 0002", "Электронная почта": "card@example.org"}
    visitor.fill(typed)
    former = page.locator("#captcha img").get_attribute("src")
    another = visitor.button("Другая картинка")
    another.click()
    expect(page.locator("#captcha img")).not_to_have_attribute("src", former or "")
    expect(another).to_be_focused()
    for label, text in typed.items():
        expect(visitor.field(label)).to_have_value(text)
    expect(page.locator(".error")).to_have_count(0)
    if scripted:
        expect(_said(visitor)).to_contain_text("Показана другая картинка")
    # Enter in a field presses the button of the form, not this one.
    src = page.locator("#captcha img").get_attribute("src")
    with visitor.refusal():
        visitor.field("Электронная почта").press("Enter")
        expect(page.get_by_text("Введите код с картинки").first).to_be_visible()
    expect(page.locator("#captcha img")).not_to_have_attribute("src", src or "")


def test_switching_the_language_keeps_the_focus_and_what_was_typed(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/registration/account/phone")
    visitor.field(PHONE).fill(visitor.phone)
    visitor.field(CONSENT).check()
    visitor.button("English").click()
    expect(page.get_by_label("Mobile number")).to_have_value(visitor.phone)
    expect(page.get_by_role("checkbox")).to_be_checked()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(visitor.button("Русский")).to_be_focused()
    visitor.button("Русский").click()
    expect(visitor.field(PHONE)).to_have_value(visitor.phone)
    visitor.field(PHONE).press("Enter")
    visitor.expect_step("code")


@with_script
def test_the_spoken_code_plays_once_inside_the_page_and_says_when_it_fails(visitor: Visitor) -> None:
    page = visitor.page
    page.add_init_script(
        """window.players = new Set();
        const play = HTMLMediaElement.prototype.play;
        HTMLMediaElement.prototype.play = function () { players.add(this); return play.call(this); };"""
    )
    visitor.open("/registration/card/card")
    link = page.get_by_role("link", name="Прослушать код")
    link.click()
    link.click()
    assert page.evaluate("players.size") == 1, "two voices at a time"
    expect(page).to_have_url(visitor.server.url + "/registration/card/card")
    visitor.button("Другая картинка").click()
    expect(_said(visitor)).to_contain_text("Показана другая картинка")
    page.route("**/voice.wav", lambda route: route.fulfill(status=429))
    visitor.browser_errors.expected_failures[429] += 1
    link.click()
    expect(page.locator("#captcha").get_by_text("Не удалось прослушать код")).to_be_visible()
    expect(_said(visitor)).to_contain_text("Не удалось прослушать код")


@without_script
def test_the_spoken_code_plays_inside_the_page_without_script(visitor: Visitor) -> None:
    visitor.open("/registration/card/card")
    player = visitor.page.locator("audio[controls]")
    expect(player).to_be_visible()
    expect(player).to_have_attribute("src", re.compile("^/captcha/.+/voice.wav$"))
