"""A database belongs to one secret: another one starts nothing and changes nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from db.engine import Engine, run
from domain.installation import WrongSecretError, opened_installation, require_secret
from domain.portal import Portal
from domain.sealing import Sealing
from settings import Settings

RIGHT, WRONG = "the secret that all this was begun with", "another secret, quite as long as that"


async def _rows() -> list[str]:
    return [row["secret_hash"] for row in await run("SELECT secret_hash FROM installation")]


async def _sealed_request(secret: str) -> None:
    sealed = Sealing(secret).seal({"comment": "hello"})
    await run(
        "INSERT INTO connection_requests (created_at, sealed) VALUES ({}, {})", datetime(2026, 9, 1, tzinfo=UTC), sealed
    )


async def test_the_first_start_keeps_it_and_every_later_one_asks(engine: Engine) -> None:
    await require_secret(Sealing(RIGHT))
    before = await _rows()
    await require_secret(Sealing(RIGHT))
    with pytest.raises(WrongSecretError):
        await require_secret(Sealing(WRONG))
    assert await _rows() == before
    assert RIGHT not in before[0]


async def test_a_database_from_before_takes_the_secret_that_opens_it(engine: Engine) -> None:
    await _sealed_request(RIGHT)
    with pytest.raises(WrongSecretError):
        await require_secret(Sealing(WRONG))
    assert await _rows() == []
    await require_secret(Sealing(RIGHT))
    with pytest.raises(WrongSecretError):
        await require_secret(Sealing(WRONG))


async def test_one_value_that_does_not_open_is_not_taken_for_another_secret(engine: Engine) -> None:
    await _sealed_request(RIGHT)
    await run(
        "INSERT INTO outbox (kind, message, sealed, state, attempts, created_at, next_at, expires_at, reason)"
        " VALUES ('sms', 'registration-code', 'corrupted', 'waiting', 0, {}, {}, {}, '')",
        *[datetime(2026, 9, 1, tzinfo=UTC)] * 3,
    )
    await require_secret(Sealing(RIGHT))


async def test_two_processes_that_start_at_once_keep_one(engine: Engine) -> None:
    await asyncio.gather(*(require_secret(Sealing(RIGHT)) for _ in range(4)))
    assert len(await _rows()) == 1


async def test_nothing_opens_with_another_secret(portal: Portal, settings: Settings) -> None:
    async with opened_installation(settings):
        pass
    other = settings.model_copy(update={"secret": WRONG})
    for migrate in ("on", "off"):
        with pytest.raises(WrongSecretError):
            async with opened_installation(other.model_copy(update={"migrate": migrate})):
                pass
