"""A session is a row: its token is the server's, its ends are kept, and another secret opens none."""

from __future__ import annotations

from datetime import datetime, timedelta

from db.engine import Engine, run, transaction
from domain import sessions
from domain.portal import Portal, make_portal
from domain.scope import Client
from tests.conftest import scope_of

STRANGER = Client(None, "203.0.113.7", "Tests/1.0")


async def begun(portal: Portal, now: datetime, **more: bool) -> Client:
    session = await sessions.begin(scope_of(portal, now, STRANGER), **more)
    assert session.token is not None
    return Client(session.token, STRANGER.ip, STRANGER.user_agent)


async def test_the_row_opens_nothing(engine: Engine, portal: Portal, now: datetime) -> None:
    caller = await begun(portal, now)
    (row,) = await run("SELECT * FROM sessions")
    assert caller.token is not None
    assert caller.token not in str(row)
    assert await sessions.resume(scope_of(portal, now, Client(row["token_hash"], "203.0.113.7", ""))) is None


async def test_no_two_tokens_are_alike_and_none_is_the_clients(engine: Engine, portal: Portal, now: datetime) -> None:
    client = Client("invented", "203.0.113.7", "")
    tokens = {(await sessions.begin(scope_of(portal, now, client))).token for _ in range(20)}
    assert len(tokens) == 20
    assert "invented" not in tokens
    assert await sessions.resume(scope_of(portal, now, client)) is None


async def test_it_ends_idle_and_it_ends_at_last(engine: Engine, portal: Portal, now: datetime) -> None:
    idle, busy = await begun(portal, now), await begun(portal, now)
    assert await sessions.resume(scope_of(portal, now + timedelta(minutes=30), idle)) is None
    for minutes in range(20, 12 * 60, 20):
        assert await sessions.resume(scope_of(portal, now + timedelta(minutes=minutes), busy)) is not None
    assert await sessions.resume(scope_of(portal, now + timedelta(hours=12), busy)) is None


async def test_a_remembered_one_does_not_end_idle(engine: Engine, portal: Portal, now: datetime) -> None:
    caller = await begun(portal, now, remembered=True)
    assert await sessions.resume(scope_of(portal, now + timedelta(days=29), caller)) is not None
    assert await sessions.resume(scope_of(portal, now + timedelta(days=30), caller)) is None


async def test_a_changed_secret_ends_it_instead_of_failing(engine: Engine, portal: Portal, now: datetime) -> None:
    """An operator has changed KABINET_SECRET: every browser that comes back begins anew."""
    caller = await begun(portal, now)
    changed = make_portal(portal.settings.model_copy(update={"secret": "another secret, no less long than it"}))
    assert await sessions.resume(scope_of(changed, now, caller)) is None
    async with transaction():
        assert await sessions.lock(scope_of(changed, now, caller)) is None
