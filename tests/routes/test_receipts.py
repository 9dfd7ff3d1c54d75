"""The addresses that gateways call: one for each, by GET and POST, and nothing for anybody else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from litestar import Litestar

from db import outbox as rows
from db.engine import run
from domain.delivery import outbox
from domain.delivery.messages import RegistrationCode
from domain.delivery.receipts import PATH, key_of, reference_of
from domain.portal import Portal
from routes import receipts as receipts_module
from tests.asgi import FORM, HOST, OURS, Answer, Headers, ask
from tests.conftest import Clock, scope_of

TWO = {"sms": "http+kannel://u:p@127.0.0.1:1/x#one,http+kannel://u:p@127.0.0.1:2/x#two", "delivery": "separate"}
pytestmark = pytest.mark.parametrize("changed", [TWO])


@pytest.fixture
async def reference(app: Litestar, portal: Portal, clock: Clock) -> str:
    """A message that the gateway `one` has taken."""
    now = clock()
    number = await outbox.post(scope_of(portal, now), RegistrationCode(code="483920", good_for=600), "+79123456789")
    await rows.claim("sms", 0, now, 1)
    await rows.begin([number], 1, "one", "", now)
    handover: rows.Handover = {
        "id": number,
        "attempts": 1,
        "state": "accepted",
        "gateway_id_hash": "",
        "cost_kopecks": None,
    }
    assert await rows.hand_over([handover], now) == {number}
    return reference_of(portal, number, now)


async def call(
    app: Litestar, key: str, fields: Mapping[str, str], method: str = "GET", headers: Headers = (HOST,)
) -> tuple[Answer, dict[str, Any]]:
    """The answer, and the row after it."""
    said = urlencode(fields)
    if method == "GET":
        answer = await ask(app, method, f"{PATH}/{key}?{said}", headers=headers)
    else:
        answer = await ask(app, method, f"{PATH}/{key}", headers=(*headers, FORM), body=said.encode())
    return answer, (await run("SELECT * FROM outbox"))[0]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_gateway_tells_what_became_of_a_message(
    app: Litestar, portal: Portal, clock: Clock, reference: str, method: str
) -> None:
    for status, state in (("8", "accepted"), ("2", "undelivered"), ("1", "delivered"), ("1", "delivered")):
        answer, row = await call(app, key_of(portal, "one"), {"reference": reference, "status": status}, method)
        assert (answer.status, answer.body, row["state"]) == (200, b"taken\n", state)
        assert answer.one(b"cache-control") == "no-store"
        assert answer.all(b"set-cookie") == []
    assert isinstance(row["receipt_at"], datetime)


async def test_no_key_but_the_gateways_own_opens_it(app: Litestar, portal: Portal, reference: str) -> None:
    key = key_of(portal, "one")
    for wrong in (key[:-1], key.upper(), f"{key}x", "one", "%00", "x" * 40, key_of(portal, "two")):
        for method in ("GET", "POST"):
            answer, row = await call(app, wrong, {"reference": reference, "status": "1"}, method)
            assert (answer.status, row["state"]) == (200 if wrong == key_of(portal, "two") else 404, "accepted")
    assert key_of(portal, "two") != key


async def test_what_is_no_receipt_is_refused_and_changes_nothing(app: Litestar, portal: Portal, reference: str) -> None:
    for fields in (
        {}, {"reference": reference}, {"status": "1"}, {"reference": "", "status": "1"},
        {"reference": reference, "status": "x"}, {"reference": reference, "status": "٣"},
    ):  # fmt: skip
        answer, row = await call(app, key_of(portal, "one"), fields)
        assert (answer.status, row["state"]) == (400, "accepted"), fields
    # One of no message of ours is taken all the same: it would only come again.
    answer, row = await call(app, key_of(portal, "one"), {"reference": f"{reference}0", "status": "1"})
    assert (answer.status, row["state"]) == (200, "accepted")


async def test_only_this_address_may_be_called_from_elsewhere(app: Litestar, portal: Portal, reference: str) -> None:
    foreign = (HOST, (b"origin", b"https://evil.example"), (b"sec-fetch-site", b"cross-site"))
    answer, row = await call(app, key_of(portal, "one"), {"reference": reference, "status": "1"}, "POST", foreign)
    assert (answer.status, row["state"]) == (200, "delivered")
    assert (await ask(app, "POST", "/sign-in/phone", headers=(*foreign, FORM))).status == 403
    for method in ("PUT", "DELETE"):
        answer = await ask(app, method, f"{PATH}/{key_of(portal, 'one')}", headers=(HOST, OURS))
        assert answer.status == 405


async def test_neither_pages_nor_logs_repeat_the_key(
    app: Litestar, portal: Portal, reference: str, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger().addHandler(caplog.handler)
    caplog.set_level(logging.DEBUG)
    key = key_of(portal, "one")
    for fields in ({"reference": reference, "status": "1"}, {"status": "1"}):
        answer, _ = await call(app, key, fields)
        assert key not in f"{answer.headers}{answer.body.decode()}"
    wrong, _ = await call(app, key[::-1], {"reference": reference, "status": "1"})
    assert key[::-1] not in f"{wrong.headers}{wrong.body.decode()}"
    assert "/delivery/receipts/{token" in caplog.text
    assert key not in caplog.text
    assert key[::-1] not in caplog.text


async def test_a_receipt_that_cannot_be_written_is_to_come_again(
    app: Litestar, portal: Portal, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts_module, "_SECONDS", 0.2)

    async def stuck(gateway: str, receipt: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(app.state.portal.arrivals, "take", stuck)
    answer, row = await call(app, key_of(portal, "one"), {"reference": reference, "status": "1"})
    assert (answer.status, answer.one(b"retry-after"), row["state"]) == (503, "10", "accepted")
