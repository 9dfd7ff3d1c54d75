"""Every purpose of a code: new codes bring new guesses up to the day's sum of its phone, and not one more.

Those of a recovery, where nobody may see whether a code was sent, are in tests/routes/recovery/test_unsent.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.browser import ANOTHER, Browser, location, path_of, wrong_code
from tests.conftest import Clock
from tests.screen import errors

WRONG = "Код не соответствует полученному в СМС"
EXHAUSTED = "Превышено число попыток ввода кода. Запросите новый"
EARLY = "Новый код можно запросить"
NEW_PHONE = "8 900 111-22-33"
SUM = 7
MakeBrowser = Callable[..., Browser]


async def registration(browser: Browser) -> tuple[str, str]:
    """Where the code is typed, and the phone it went to."""
    await browser.reach("code")
    return path_of("code"), browser.phone


async def phone_change(browser: Browser) -> tuple[str, str]:
    if (await browser.sign_in()).status_code != 303:
        await browser.register()
    await browser.post("/profile/security/phone", {"phone": NEW_PHONE})
    return "/profile/security/phone/code", NEW_PHONE


@pytest.mark.parametrize("changed", [{"code_tries_day": SUM}])
@pytest.mark.parametrize("begin", [registration, phone_change], ids=lambda begin: begin.__name__)
async def test_the_guesses_of_a_day_have_a_sum(
    client: Browser,
    another_browser: MakeBrowser,
    clock: Clock,
    changed: dict[str, Any],
    begin: Callable[[Browser], Awaitable[tuple[str, str]]],
) -> None:
    path, phone = await begin(client)
    judged = 0
    for _ in range(SUM + 5):
        told = errors(await client.post(path, {"code": wrong_code(await client.read_code(phone))}))
        judged += WRONG in told
        if EXHAUSTED in told and judged < SUM:
            clock.forward(minutes=2)
            assert location(await client.post(path, ANOTHER)) == path
    assert judged == SUM
    assert errors(await client.post(path, {"code": await client.read_code(phone)})) == [EXHAUSTED]
    clock.forward(minutes=4)
    refused = await client.post(path, ANOTHER)
    assert refused.status_code == 422
    assert errors(refused)[0].startswith(EARLY)
    # The next day is a new one.
    clock.forward(days=1, seconds=1)
    later = another_browser()
    await begin(later)
    assert errors(await later.post(path, {"code": wrong_code(await later.read_code(phone))})) == [WRONG]
    assert (await later.post(path, {"code": await later.read_code(phone)})).status_code == 303
