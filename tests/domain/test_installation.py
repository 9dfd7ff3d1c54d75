"""A database belongs to one secret: another one starts nothing and changes nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest

from db.engine import Engine, run
from domain.installation import (
    RotationUnderWayError,
    WrongSecretError,
    error_line,
    opened_installation,
    require_secret,
)
from domain.portal import Portal
from domain.registry.importing import import_rows
from domain.registry.kinds import kinds
from domain.sealing import Sealing
from domain.secret_rotation import rotate
from settings import Settings
from tests.conftest import NOW

RIGHT, WRONG = "the secret that all this was begun with", "another secret, quite as long as that"
NEXT, PHONE = "the secret that takes the place of that one", "+79000000101"


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


async def test_while_there_are_rows_of_two_secrets_both_are_needed(settings: Settings, engine: Engine) -> None:
    """Wherever the operator begins: with the new one in second place, on machines that restart one after another."""

    def both(secret: str, previous: str = "") -> Settings:
        return settings.model_copy(update={"secret": secret, "secret_previous": previous})

    async def opens(*secrets: str) -> str:
        try:
            async with opened_installation(both(*secrets)):
                return ""
        except WrongSecretError as error:
            return error_line(error)

    cards = kinds(Sealing(RIGHT), ("RU",), date(2026, 9, 1))["cards"]
    rows = {"accounts": ["7000000111", "ул. Тихая, 5"], "cards": ["9643900000000013", "H", "l", "a@b.ru", PHONE]}
    assert [await opens(RIGHT), await opens(RIGHT, NEXT), await opens(RIGHT)] == ["", "", ""]
    assert "begun with" in await opens(NEXT)
    assert await opens(NEXT, RIGHT) == ""
    # From here on there may be rows of both.
    assert "is being brought to" in await opens(RIGHT)
    assert "KABINET_SECRET_PREVIOUS until" in await opens(NEXT)
    assert "begun with" in await opens(WRONG, NEXT)
    assert "is being brought to" in await opens(WRONG, RIGHT)
    for sealing in (Sealing(NEXT, RIGHT), Sealing(RIGHT, NEXT)):
        found = kinds(sealing, ("RU",), date(2026, 9, 1))
        assert (await import_rows(engine, found["accounts"], enumerate([rows["accounts"]], 1), NOW)).done
        with pytest.raises(RotationUnderWayError):
            await import_rows(engine, found["cards"], enumerate([rows["cards"]], 1), NOW)
    await rotate(engine, Sealing(NEXT, RIGHT), lambda _rows: None)
    assert [await opens(NEXT), await opens(NEXT, RIGHT)] == ["", ""]
    assert "begun with" in await opens(RIGHT)
    # An import that was begun before the new secret came.
    with pytest.raises(WrongSecretError):
        await import_rows(engine, cards, enumerate([rows["cards"]], 1), NOW)


async def test_nothing_opens_with_another_secret(portal: Portal, settings: Settings) -> None:
    async with opened_installation(settings):
        pass
    other = settings.model_copy(update={"secret": WRONG})
    for migrate in ("on", "off"):
        with pytest.raises(WrongSecretError):
            async with opened_installation(other.model_copy(update={"migrate": migrate})):
                pass
