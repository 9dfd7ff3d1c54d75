"""What the templates can do: filters, and text that stays text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from routes.design import TEMPLATES, Design
from routes.sources import sources
from routes.template_slips import needs_of
from routes.templates import Templates

templates = Templates(ZoneInfo("Europe/Moscow"), lambda name: name, sources(watch=False))
NBSP = "\u00a0"


def shown(source: str, **values: object) -> str:
    return templates.environment.from_string(source).render(values)


@pytest.mark.parametrize(
    ("at", "clock"),
    [
        (datetime(2036, 9, 15, 11, 30, tzinfo=UTC), "14:30"),
        # Who comes at the printed minute must not be early.
        (datetime(2036, 9, 15, 11, 30, 1, tzinfo=UTC), "14:31"),
        (datetime(2036, 9, 15, 11, 30, 0, 1, tzinfo=UTC), "14:31"),
        (datetime(2036, 9, 15, 20, 59, 59, tzinfo=UTC), "00:00"),
    ],
)
def test_a_time_is_rounded_up_in_the_zone_of_the_portal(at: datetime, clock: str) -> None:
    assert shown("{{ at | clock }}", at=at) == clock


def test_a_day_is_that_of_the_zone() -> None:
    late = datetime(2036, 9, 15, 21, 0, tzinfo=UTC)
    assert shown("{{ at | day }}", at=late) == f"16{NBSP}сентября в{NBSP}00:00"


def test_what_was_typed_stays_text() -> None:
    assert shown("{{ text }}", text="<b>&\"'") == "&lt;b&gt;&amp;&#34;&#39;"


def test_filters_show_what_customers_read() -> None:
    assert shown("{{ 123456 | amount }}") == f"1{NBSP}234,56"
    assert shown("{{ '2036-08' | period }}") == "Август 2036"
    assert shown("{{ '+79123456789' | masked_phone }}") == "+7 912 ···-··-89"
    assert shown("{{ 'ivanova@example.org' | masked_email }}") == "i···a@example.org"


class _Edited:
    version = 0
    design = Design()


def test_everything_is_made_anew_after_an_edit_and_not_before() -> None:
    sources = _Edited()
    edited = Templates(ZoneInfo("Europe/Moscow"), lambda name: f"{name} at {sources.version}", cast(Any, sources))

    def drawn() -> str:
        return edited.environment.from_string("{{ asset('portal.css') }}").render()

    made = edited.environment
    assert drawn() == "portal.css at 0"
    assert edited.environment is made
    sources.version = 1
    assert drawn() == "portal.css at 1"
    assert edited.environment is not made


def test_needs_are_read_from_the_first_comment() -> None:
    assert needs_of("{# A page. Needs: form (phone, consent), place, notice. #}") == ["form", "place", "notice"]
    assert needs_of("{# needs: number, entries (pairs (label, text)) #}") == ["number", "entries"]
    assert needs_of("{# A macro. #}") == []
    assert needs_of((TEMPLATES / "partials/profile/overview.html").read_text("utf-8"))[:3] == [
        "profile", "with_accounts", "with_cards",
    ]  # fmt: skip
