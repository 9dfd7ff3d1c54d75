"""Gateways and mail server are connected to and signed in at, and get nothing to send."""

from __future__ import annotations

from typing import Any

from domain.doctor.finding import Finding
from domain.doctor.gateways import look_at_gateways
from settings import Settings
from tests.domain.delivery.channels.gateway import closed_port, running_gateway
from tests.domain.delivery.channels.mailbox import running_mailbox
from tests.domain.delivery.channels.smpp_gateway import BIND, UNBIND, running_smpp
from tests.domain.delivery.channels.smsc_account import running_account


async def _found(**given: Any) -> list[Finding]:
    mail = {"mail_from": "kabinet@example.org", "staff_email": "staff@example.org"} if "mail" in given else {}
    settings = Settings(_env_file=None, **mail, **given)  # type: ignore[call-arg, arg-type]
    return [finding async for finding in look_at_gateways(settings)]


async def test_kannel_is_asked_without_a_recipient() -> None:
    async with running_gateway() as gateway:
        gateway.status, gateway.body = 400, "Missing receiver number, rejected"
        (found,) = await _found(sms=gateway.dsn())
        assert (found.level, found.found) == ("green", "takes our password")
        assert gateway.requests == [{"username": "portal", "password": "secret"}]
        for status, body in ((403, "Authorization failed for sendsms"), (202, "Authorization failed"), (404, "")):
            gateway.status, gateway.body = status, body
            (found,) = await _found(sms=gateway.dsn())
            assert found.level == "red"
            assert "KABINET_SMS" in found.advice
        assert all("to" not in request and "text" not in request for request in gateway.requests)


async def test_smsc_is_asked_for_its_balance() -> None:
    async with running_account() as account:
        (found,) = await _found(sms=account.dsn())
        assert (found.level, found.found) == ("green", "takes our password, 100.00 are left on the account")
        (found,) = await _found(sms=account.dsn().replace("secret", "wrong"))
        assert found.level == "red"
        assert "password" in found.found
        assert {script for script, _ in account.asked} == {"balance.php"}


async def test_smpp_is_bound_and_no_more() -> None:
    async with running_smpp() as gateway:
        (found,) = await _found(sms=gateway.dsn())
        assert (found.level, found.found) == ("green", "takes our password, without TLS")
        gateway.bind_status = 0x0E
        (found,) = await _found(sms=gateway.dsn())
        assert found.level == "red"
        assert {BIND, UNBIND} == set(gateway.commands)


async def test_the_mail_server_gets_no_message() -> None:
    said: list[str] = []
    with running_mailbox(auth_require_tls=False) as mailbox:
        mailbox.moment = said.append
        plain = f"127.0.0.1:{mailbox.port}?tls=none"
        (found,) = await _found(mail=f"smtp://{plain}")
        assert (found.level, found.found) == ("green", "answers, without TLS")
        (found,) = await _found(mail=f"smtp://portal:%D0%BF%D0%B0%D1%80%D0%BE%D0%BB%D1%8C%3A%40%2F@{plain}")
        assert (found.level, found.found) == ("green", "takes our password, without TLS")
        (found,) = await _found(mail=f"smtp://portal:wrong@{plain}")
        assert found.level == "red"
        assert "wrong" not in found.found
    assert said == []


async def test_one_that_is_away_hides_no_other() -> None:
    away = closed_port()
    async with running_gateway() as gateway:
        gateway.status, gateway.body = 400, ""
        found = await _found(sms=f"http+kannel://u:p@127.0.0.1:{away}/x#away,{gateway.dsn()}#here")
    assert [(one.about, one.level) for one in found] == [("away", "red"), ("here", "green")]
