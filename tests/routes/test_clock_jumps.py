"""Clocks that jump an hour, as when a machine is moved or its time put right."""

from __future__ import annotations

from tests.browser import PASSWORD, STEPS, Browser, location
from tests.conftest import Clock


async def test_registration_goes_on_when_the_clock_jumps_back(client: Browser, clock: Clock) -> None:
    await client.reach("bill")
    clock.forward(hours=-1)
    assert await client.path_of_last_step() == "/registration/account/bill"
    for step in STEPS[STEPS.index("bill") :]:
        await client.submit(step)
    assert (await client.get("/profile")).status_code == 200


async def test_code_sent_before_the_clock_jumps_back_is_good(client: Browser, clock: Clock) -> None:
    await client.reach("code")
    clock.forward(hours=-1)
    await client.submit("code")
    assert await client.path_of_last_step() == "/registration/account/bill"


async def test_lock_outlives_no_more_than_the_jump(client: Browser, clock: Clock) -> None:
    await client.register()
    await client.post("/sign-out")
    for _ in range(5):
        await client.sign_in("not this one")
    clock.forward(hours=-1)
    assert (await client.sign_in(PASSWORD)).status_code == 422
    clock.forward(hours=1, minutes=15, seconds=1)
    assert location(await client.sign_in(PASSWORD)) == "/profile"


async def test_session_ends_when_the_clock_jumps_forward_and_the_sign_in_is_there(
    client: Browser, clock: Clock
) -> None:
    await client.register()
    clock.forward(hours=1)
    assert location(await client.get("/profile")) == "/"
    assert location(await client.sign_in(PASSWORD)) == "/profile"
