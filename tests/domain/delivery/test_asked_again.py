"""A customer who asks for a code again gets it by the next gateway, unless the first one has said that it arrived."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from db.engine import Engine, run
from domain.delivery.gateways import Gateway, next_gateway
from domain.delivery.messages import RecoveryCode, RegistrationCode
from domain.delivery.sending import names
from domain.portal import Portal, make_portal
from domain.proofs import one_time_codes, recovery_codes
from domain.proofs.one_time_codes import Purpose
from domain.proofs.recovery_codes import RecoveryRequest
from domain.scope import Client
from tests.conftest import scope_of
from tests.domain.delivery.passes import deliver_due
from tests.domain.delivery.test_receipts import Way, render

PHONE, ANOTHER = "+79123456789", "+79123456780"
REGISTRATION = Purpose("registration", RegistrationCode, "registration")
RECOVERY = Purpose("recovery", RecoveryCode, "recovery")
CUSTOMER = Client(None, "203.0.113.7", "")


async def ask(portal: Portal, at: datetime, phone: str = PHONE) -> None:
    assert await one_time_codes.send(scope_of(portal, at, CUSTOMER), REGISTRATION, phone) is None


async def gateways() -> list[str]:
    return [row["gateway"] for row in await run("SELECT gateway FROM outbox ORDER BY id")]


async def set_state(state: str) -> None:
    await run("UPDATE outbox SET state = {}", state)


@pytest.fixture
def portal(portal: Portal) -> Portal:
    return make_portal(portal.settings.model_copy(update={"sms_waits": (1,), "sms_per_phone_hour": 9}))


@pytest.mark.parametrize("state", ["accepted", "sent", "unknown", "undelivered", "expired", "rejected"])
async def test_the_next_one_takes_over_and_after_the_last_the_first(
    engine: Engine, portal: Portal, now: datetime, state: str
) -> None:
    ways = {"sms": [Way(), Way()]}
    for number in range(4):
        at = now + timedelta(minutes=number)
        await ask(portal, at)
        await ask(portal, at, ANOTHER[:-1] + str(number))
        await deliver_due(portal, ways, render, at)
        await set_state(state)
    # Everybody else goes by the first one.
    assert await gateways() == ["sms-1", "sms-1", "sms-2", "sms-1", "sms-1", "sms-1", "sms-2", "sms-1"]


async def test_what_arrived_and_what_was_used_is_no_reason(engine: Engine, portal: Portal, now: datetime) -> None:
    ways = {"sms": [Way(), Way()]}
    await ask(portal, now)
    await deliver_due(portal, ways, render, now)
    await set_state("delivered")
    await ask(portal, now + timedelta(minutes=1))
    await deliver_due(portal, ways, render, now + timedelta(minutes=1))
    # Neither is one of which nothing can be typed any more.
    await ask(portal, now + timedelta(hours=1))
    await deliver_due(portal, ways, render, now + timedelta(hours=1))
    assert await gateways() == ["sms-1"] * 3


async def test_what_is_not_sent_asks_the_same_and_learns_nothing(engine: Engine, portal: Portal, now: datetime) -> None:
    ways = {"sms": [Way(), Way()]}
    for number, known in enumerate((False, True, False, True)):
        at = now + timedelta(minutes=number)
        wanted = RecoveryRequest(PHONE if known else ANOTHER, "", known)
        assert await recovery_codes.send(scope_of(portal, at, CUSTOMER), RECOVERY, wanted) is None
        await deliver_due(portal, ways, render, at)
    assert await gateways() == ["sms-1", "sms-2"]


async def test_where_the_next_one_takes_nothing_the_former_one_is_good_enough(
    engine: Engine, portal: Portal, now: datetime
) -> None:
    own = [Gateway(name, Way()) for name in ("a", "b", "c")]

    def chosen(*last_choice: str, without: tuple[str, ...] = ()) -> str:
        found = next_gateway(own, without, last_choice)
        return found.name if found else ""

    assert [chosen(), chosen("a"), chosen("a", "b"), chosen("a", "b", "c"), chosen("c", "a", "b")] == list("abcac")
    assert [chosen("a", without=("b",)), chosen("a", "c", without=("b",))] == ["c", "a"]
    places = [own[1].take() for _ in range(own[1].channel.window)]
    assert chosen("a") == "c"
    own[1].leave(places[0])
    assert chosen("a") == "b"
    assert chosen("gone") == "a"
    assert names("") == []
