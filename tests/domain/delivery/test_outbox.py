"""How long a message may wait to be sent: as long as what it carries is good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from db.engine import run
from domain.delivery.messages import MESSAGES, ConnectionRequestReceived
from settings import Settings
from tests.browser import PHONE, Browser
from tests.conftest import Clock

SETTINGS = {"code_lifetime": 120, "email_link_lifetime": 7200, "sms_waits": "5"}


def test_a_lifetime_is_seconds_or_a_setting() -> None:
    named = {message.lifetime for message in MESSAGES if isinstance(message.lifetime, str)}
    assert named <= Settings.model_fields.keys()
    carrying = {message for message in MESSAGES if {"code", "password", "good_for"} & set(message.__annotations__)}
    carrying.remove(ConnectionRequestReceived)  # the code of a request is good as long as the request
    assert {message.name for message in carrying if not isinstance(message.lifetime, str)} == set()


@pytest.mark.parametrize("changed", [SETTINGS])
async def test_a_code_or_a_link_is_given_up_when_it_is_no_longer_good(
    client: Browser, another_browser: Callable[..., Browser], clock: Clock, changed: dict[str, Any]
) -> None:
    await client.register()
    clock.forward(minutes=2)
    other = another_browser()
    await other.post("/sign-in/phone", {"phone": PHONE})
    await other.post("/recovery")
    rows = await run("SELECT message, created_at, expires_at FROM outbox ORDER BY id")
    good = {row["message"]: row["expires_at"] - row["created_at"] for row in rows}
    assert good == {
        "registration-code": timedelta(seconds=120),
        "email-confirmation": timedelta(seconds=7200),
        "recovery-code": timedelta(seconds=120),
    }
