"""A code that does not come by SMS is dictated by telephone."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.steps import give_phone
from tests.journeys.visitor import Visitor

pytest_plugins = ["tests.journeys.fixtures"]
ANOTHER, CALL = "Отправить код еще раз", "Позвонить и продиктовать код"


def test_after_two_sms_the_code_is_dictated(visitor: Visitor, scripted: bool) -> None:
    page = visitor.page
    give_phone(visitor)
    expect(visitor.button(CALL)).to_have_count(0)
    visitor.server.sql("DELETE FROM throttles")
    visitor.open("/registration/account/code")
    visitor.press(ANOTHER)
    visitor.expect_no_sideways_scrolling()
    # It counts down meanwhile.
    expect(visitor.button(CALL)).to_have_accessible_description(re.compile(r"^можно в \d\d:\d\d"))
    if scripted:
        # It waits as the other button does, and says for how long.
        visitor.button(CALL).click(force=True)
        expect(page.locator("#said")).to_contain_text("можно в")
        assert visitor.count("code-call") == 0
    visitor.server.sql("DELETE FROM throttles")
    visitor.open("/registration/account/code")
    visitor.press(CALL)
    expect(page.get_by_role("status").get_by_text("Сейчас мы позвоним и продиктуем код")).to_be_visible()
    expect(visitor.button(CALL)).to_have_count(1)
    [call, *_] = visitor.server.messages(visitor.international)
    assert call.message == "code-call"
    dictated = call.text.split("Код для регистрации: ")[1].split(".")[0].replace(", ", "")
    visitor.field("Код из СМС").fill(dictated)
    visitor.press("Подтвердить номер")
    visitor.expect_step("bill")
