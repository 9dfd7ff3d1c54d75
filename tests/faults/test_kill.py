"""kill -9 after each step, and in the middle of one: one customer, one SMS, one e-mail, and no dead end."""

from __future__ import annotations

import asyncio

import httpx

from db.engine import Engine, run
from tests.browser import COOKIE, STEPS, path_of
from tests.faults.portal_process import PortalProcess
from tests.screen import words

PRESSES = 8


async def _sent() -> list[str]:
    return [row["message"] for row in await run("SELECT message FROM outbox ORDER BY id")]


async def _count(table: str) -> int:
    return len(await run(f"SELECT id FROM {table}"))


async def test_the_journey_goes_on_after_a_kill_at_every_step(engine: Engine, process: PortalProcess) -> None:
    browser = process.browser()
    for step in STEPS:
        form = await browser.form_of(step)
        answer = await browser.post(path_of(step), form)
        await process.kill()
        await process.start()
        assert (await browser.follow(answer)).status_code == 200
        # Had the answer been lost: the same press again leads to the same place.
        if step != "password":
            again = await browser.follow(await browser.post(path_of(step), form))
            assert again.request.url.path == await browser.path_of_last_step()
    profile = await browser.get("/profile")
    assert "Анна Петровна Иванова" in words(profile)
    assert await _sent() == ["registration-code", "email-confirmation"]
    assert (await _count("customers"), await _count("consents")) == (1, 1)
    await browser.http.aclose()


async def test_a_kill_in_the_middle_of_every_press_loses_and_doubles_nothing(
    engine: Engine, process: PortalProcess
) -> None:
    """The process is killed while eight presses of the button are on their way."""
    browser = process.browser()
    await browser.get("/")
    for step in STEPS:
        form = await browser.form_of(step)
        cookie = browser.cookie

        async def press(step: str = step, form: object = form) -> httpx.Response | None:
            try:
                return await browser.post(path_of(step), form)
            except httpx.TransportError:
                return None

        presses = [asyncio.create_task(press()) for _ in range(PRESSES)]
        await asyncio.wait(presses, return_when=asyncio.FIRST_COMPLETED)
        await process.kill()
        await process.start()
        await asyncio.gather(*presses)
        # Whatever came back, pressing once more goes on; with the cookie from before where no answer came.
        if browser.cookie is None and cookie is not None:
            browser.http.cookies.set(COOKIE, cookie)
        assert (await browser.follow(await browser.post(path_of(step), form))).status_code == 200
    assert (await browser.get("/profile")).status_code == 200
    assert await _sent() == ["registration-code", "email-confirmation"]
    assert (await _count("customers"), await _count("consents")) == (1, 1)
    await browser.http.aclose()
