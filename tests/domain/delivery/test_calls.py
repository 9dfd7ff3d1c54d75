"""A code dictated by telephone goes by the gateways that can call, and by no other."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from db.engine import Engine, run
from domain.delivery import outbox
from domain.delivery.gateways import open_gateways
from domain.delivery.messages import CodeCall, RegistrationCode
from domain.delivery.watch import Watch
from domain.delivery.worker import Worker
from domain.portal import Portal, make_portal
from routes.message_texts import MessageTexts
from tests.conftest import scope_of
from tests.domain.delivery.channels.gateway import running_gateway
from tests.domain.delivery.channels.smsc_account import running_account

PHONE = "+79123456789"


async def test_only_a_gateway_that_can_gets_it(
    engine: Engine, portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running_gateway() as kannel, running_account() as account:
        dsns = (f"{kannel.dsn()}#first", f"{account.dsn()}#second")
        portal = make_portal(portal.settings.model_copy(update={"sms": dsns, "sms_call": "on"}))
        now = datetime.now(UTC)
        scope = scope_of(portal, now)
        call = await outbox.post(scope, CodeCall("483920", "recovery"), PHONE)
        await outbox.post(scope, RegistrationCode("112233", 600), PHONE)
        async with open_gateways(portal) as gateways:
            assert [gateway.name for gateway in gateways["call"]] == ["second"]
            await Worker(portal, gateways, MessageTexts(), lambda: datetime.now(UTC)).run_until_idle()
            await Watch(portal, gateways).judge(now)
        said = account.asked[0][1]
    # One digit after the other: "483920" would be read as a number.
    assert (said["call"], said["mes"].count("4, 8, 3, 9, 2, 0"), "483920" in said["mes"]) == ("1", 2, False)
    assert len(account.messages) == len(kannel.requests) == 1
    [row] = await run("SELECT kind, state, gateway, cost_kopecks, sealed FROM outbox WHERE id = {}", call)
    assert row == {"kind": "call", "state": "accepted", "gateway": "second", "cost_kopecks": 305, "sealed": ""}
    assert not any(digits in caplog.text for digits in ("483920", "4, 8", PHONE))


async def test_without_a_gateway_that_can_call_it_expires_with_its_code(
    engine: Engine, portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    """As after the last such gateway was taken out of the settings: it neither waits for ever nor becomes an SMS."""
    now = datetime.now(UTC)
    async with running_gateway() as kannel:
        portal = make_portal(portal.settings.model_copy(update={"sms": (kannel.dsn(),)}))
        call = await outbox.post(scope_of(portal, now), CodeCall("483920", "recovery"), PHONE)

        async def state(after: float) -> tuple[str, str, bool]:
            at = now + timedelta(seconds=after)
            async with open_gateways(portal) as gateways:
                await Worker(portal, gateways, MessageTexts(), lambda: at).run_until_idle()
                await Watch(portal, gateways).judge(at)
            [row] = await run("SELECT state, sealed FROM outbox WHERE id = {}", call)
            return row["state"], row["sealed"], "wrong from now on: codes" in caplog.text

        assert (await state(30))[0::2] == ("waiting", False)
        # A process with the former settings may still send it; the staff is told that it waits.
        assert (await state(61))[0::2] == ("waiting", True)
        assert await state(portal.settings.code_lifetime) == ("expired", "", True)
        assert kannel.requests == []
