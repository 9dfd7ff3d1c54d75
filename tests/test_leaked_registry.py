"""A leaked database: what a thief reads of the registry's cards, without and with `KABINET_SECRET` beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from db.engine import Engine, run
from db.tables import TABLES
from domain.portal import Portal
from domain.registry import demo_company
from domain.registry.importing import import_rows
from domain.registry.kinds import kinds


async def _dump() -> list[str]:
    """Every value of every row, as text."""
    values = []
    for table in TABLES:
        for row in await run(f"SELECT * FROM {table._meta.tablename}"):
            values += [str(value) for value in row.values()]
    return values


def _opened(portal: Portal, values: list[str]) -> Iterator[str]:
    """What the secret turns back into text."""
    for value in values:
        try:
            yield str(portal.sealing.unseal(value))
        except ValueError:
            continue


async def test_no_card_number_email_or_phone_can_be_found(engine: Engine, portal: Portal, now: datetime) -> None:
    cards = demo_company.cards()
    names = ("card_number", "holder_id", "login", "email", "phone")
    known = kinds(portal.sealing, portal.settings.sms_countries, now.date())["cards"]
    await import_rows(engine, known, enumerate(([card[name] for name in names] for card in cards), 1), now)

    values = await _dump()
    assert any(card["login"] in values for card in cards), "the dump is not an empty one"
    secrets = {card[name] for card in cards for name in ("card_number", "email", "phone")}
    secrets |= {card["phone"].removeprefix("+7") for card in cards}
    without = "\n".join(values).casefold()
    with_secret = "\n".join(_opened(portal, values)).casefold()
    for secret in secrets:
        assert secret.casefold() not in without
        assert secret.casefold() not in with_secret


async def test_secret_tests_guesses_one_by_one_and_lists_nothing(engine: Engine, portal: Portal, now: datetime) -> None:
    """What docs/security.md says a thief with the secret can do: try a number he has thought of."""
    card = demo_company.cards()[0]
    known = kinds(portal.sealing, portal.settings.sms_countries, now.date())["cards"]
    names = ("card_number", "holder_id", "login", "email", "phone")
    await import_rows(engine, known, enumerate([[card[name] for name in names]], 1), now)
    values = await _dump()
    assert portal.sealing.keyed_hash("card", card["card_number"]) in values
    assert portal.sealing.keyed_hash("phone", card["phone"]) in values
    assert portal.sealing.keyed_hash("card", card["phone"]) not in values
