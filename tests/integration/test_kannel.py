"""Debian's Kannel, both of its boxes, between a running portal and an operator's SMPP gateway: `make integration`."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from db.engine import Engine, run
from domain.delivery import outbox
from domain.delivery.channels.channel import DeliveryFailed, Outgoing, Rendered
from domain.delivery.channels.kannel import Kannel
from domain.delivery.messages import RegistrationCode
from domain.portal import Portal
from tests.conftest import scope_of
from tests.domain.delivery.channels.gateway import begun
from tests.domain.delivery.channels.smpp_gateway import SmppGateway, running_smpp
from tests.faults.portal_process import running_portal
from tests.integration.programs import listens, running, until
from tests.journeys.server import free_port

pytestmark = pytest.mark.integration

PHONE = "+79123456789"
_CONFIGURATION = """\
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = any
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
store-type = spool
store-location = {folder}/spool
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = operator
host = 127.0.0.1
port = {operator}
transceiver-mode = 1
smsc-username = portal
smsc-password = {password}
system-type = ""
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sending}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = portal
password = "p@ss w/rd"
"""


class _Kannel:
    def __init__(self, folder: Path, operator: SmppGateway) -> None:
        self._folder, self._boxes, self._sending = folder, free_port(), free_port()
        (folder / "spool").mkdir()
        (folder / "kannel.conf").write_text(
            _CONFIGURATION.format(
                admin=free_port(), boxes=self._boxes, sending=self._sending, folder=folder,
                operator=operator.port, password=operator.password,
            )
        )  # fmt: skip
        self._operator = operator

    def dsn(self, password: str = "p%40ss%20w%2Frd") -> str:
        return f"http+kannel://portal:{password}@127.0.0.1:{self._sending}/cgi-bin/sendsms"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The smsbox ends with its bearerbox: a supervisor starts both again."""
        bound = len(self._operator.connections)
        with self._box("bearerbox"):
            await until(lambda: listens(self._boxes))
            with self._box("smsbox"):
                await until(lambda: listens(self._sending))
                await until(lambda: _is(len(self._operator.connections) > bound))
                yield

    def _box(self, name: str) -> contextlib.AbstractContextManager[Any]:
        # A bearerbox that is asked to end takes half a minute for it.
        return running([name, "kannel.conf"], self._folder, signal.SIGKILL)


async def _is(true: bool) -> bool:
    return true


async def _state(message: int) -> tuple[str, str]:
    [row] = await run("SELECT state, reason FROM outbox WHERE id = {}", message)
    return row["state"], row["reason"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_an_sms_its_receipt_and_a_kannel_that_is_away(
    engine: Engine, database: str, portal: Portal, tmp_path: Path
) -> None:
    async def post(code: str) -> int:
        return await outbox.post(scope_of(portal, datetime.now(UTC)), RegistrationCode(code, 600), PHONE)

    async with running_smpp() as operator:
        kannel = _Kannel(tmp_path, operator)
        settings = {"KABINET_SMS": kannel.dsn(), "KABINET_SMS_FROM": "Kabinet"}
        async with running_portal(database, tmp_path, **settings) as process:
            await process.answers()
            async with kannel.running():
                message = await post("483920")
                await until(lambda: _is(bool(operator.submitted)))
                await until(lambda: _has(message, "accepted"))
                operator.receipt(operator.ids(1), "DELIVRD")
                await until(lambda: _has(message, "delivered"))
            # Nobody listens any more.
            kept = await post("112233")
            await until(lambda: _is_kept(kept))
            async with kannel.running():
                await until(lambda: _has(kept, "accepted"))
                operator.receipt(operator.ids(2), "UNDELIV")
                await until(lambda: _has(kept, "undelivered"))
    first, second = operator.submitted
    assert first.text == "Код 483920 для регистрации (Кабинет). Никому его не сообщайте."
    assert "112233" in second.text
    # UCS-2, in one piece: no header of a part, and no more than one SMS holds.
    assert (first.coding, first.esm_class & 0x40, len(first.octets) <= 140, first.options) == (8, 0, True, {})
    assert (first.source[2], first.destination) == ("Kabinet", (1, 1, PHONE[1:]))
    assert first.registered & 1


async def _has(message: int, state: str) -> bool:
    return (await _state(message))[0] == state


async def _is_kept(message: int) -> bool:
    return await _state(message) == ("waiting", "the gateway cannot be reached")


async def test_what_kannel_says_of_mistakes_in_the_settings(tmp_path: Path) -> None:
    """A message is not lost for them: the operator corrects them."""
    async with running_smpp() as operator:
        kannel = _Kannel(tmp_path, operator)
        async with kannel.running():
            well = Kannel(kannel.dsn(), "Kabinet")
            assert await well.look() == "takes our password"
            for dsn, sender in ((kannel.dsn("wrong"), "Kabinet"), (kannel.dsn(), ""), (f"{kannel.dsn()}x", "Kabinet")):
                channel = Kannel(dsn, sender)
                with pytest.raises(DeliveryFailed) as caught:
                    await channel.send(_outgoing(), begun)
                await channel.close()
                assert (caught.value.follows, caught.value.operator) == ("away", True), dsn
            await well.send(_outgoing("Code 483920, keep it [secret]"), begun)
            await until(lambda: _is(bool(operator.submitted)))
            await well.close()
    assert [(one.coding, one.text) for one in operator.submitted] == [(0, "Code 483920, keep it \x1b<secret\x1b>")]


def _outgoing(text: str = "Код 483920 для регистрации.") -> Outgoing:
    return Outgoing(1, "1.abc", datetime.now(UTC), PHONE, Rendered(text))
