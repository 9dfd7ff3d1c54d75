"""The count of branches: made when somebody asks, seen in the gallery, and gone when a file changes."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from routes.design import Design
from routes.dev import counting
from routes.dev.branches import Condition, Counted
from routes.sources import Sources, sources
from tests.browser import Browser
from tests.screen import words

GALLERY = "/dev/gallery"


@pytest.fixture
def changed() -> dict[str, Any]:
    return {"sms": ("outbox:",)}


@pytest.fixture
def designer(another_browser: Any) -> Browser:
    browser: Browser = another_browser("127.0.0.1")
    return browser


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_branches_are_counted_when_asked_for_and_again_when_a_file_has_changed(
    designer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, half = frozenset([True, False]), frozenset([True])
    asked: list[Design] = []

    def count(_zone: ZoneInfo, files: Sources) -> Counted:
        asked.append(files.design)
        conditions = [
            Condition("partials/sign_in/phone.html", 9, "tabs", half),
            Condition("messages/email-change/email.html", 3, "name", taken),
            Condition("partials/language.html", 7, "others | length > 1", half),
        ]
        return Counted({"sign_in/phone": 5, "email-change": 2}, conditions)

    monkeypatch.setattr(counting, "count_branches", count)
    assert "Сосчитать ветви" in (await designer.get(GALLERY)).text
    assert asked == []
    page = words(await designer.get(f"{GALLERY}/branches"))
    assert "Состояний 7, ветвей пройдено 4 из 6" in page
    assert "Не пройдены partials/sign_in/phone.html:9: tabs" in page
    assert "сказано почему partials/language.html:7: others | length > 1 у портала два языка" in page
    assert "sign_in/phone 5 1 2 email-change 2 2 2 partials/language.html — 1 2" in page
    sheet = words(await designer.get(f"{GALLERY}?of=sign_in/phone"))
    assert "Ветвей пройдено: 4 из 6, сказано почему: 1" in sheet
    assert "sign_in/phone состояний 5, ветвей 1 из 2" in sheet
    await designer.get(f"{GALLERY}/branches")
    assert len(asked) == 1
    assert "Сосчитать ветви" in (await designer.get(f"{GALLERY}?brand=teplo")).text
    version = sources(watch=True).version
    monkeypatch.setattr(Sources, "version", property(lambda _: version + 1))
    assert "Сосчитать ветви" in (await designer.get(GALLERY)).text
    await designer.get(f"{GALLERY}/branches")
    assert len(asked) == 2
