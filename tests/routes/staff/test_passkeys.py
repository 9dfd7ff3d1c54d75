"""Passkeys: a challenge is for one answer of one session, and an answer is for this origin and its own key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from db.engine import run
from domain.portal import Portal
from tests import staff
from tests.authenticator import ORIGIN, Authenticator
from tests.browser import Browser, location
from tests.conftest import Clock
from tests.screen import errors
from tests.staff import FACTOR, PASSWORD, SETUP, SIGN_IN

NEW = "/staff/new-factor"
Another = Callable[..., Browser]


@pytest.fixture
def changed() -> dict[str, Any]:
    return {"public_url": ORIGIN}


async def options(browser: Browser, path: str) -> Any:
    answer = await browser.post(f"{path}/options")
    assert answer.status_code == 200
    return answer.json()


async def begin(browser: Browser, portal: Portal, clock: Clock, key: Authenticator) -> None:
    """A person whose only second factor is a passkey."""
    link = (await staff.invite(portal, clock)).removeprefix(ORIGIN)
    await browser.get(link)
    await browser.post(SETUP, {"password": PASSWORD})
    asked = await options(browser, NEW)
    assert asked["rp"]["id"] == "kabinet.example.org"
    assert location(await browser.post(NEW, {"credential": key.create(asked)})) == "/staff/recovery-codes"


async def test_a_passkey_is_made_and_signs_in(client: Browser, portal: Portal, clock: Clock) -> None:
    key = Authenticator()
    await begin(client, portal, clock, key)
    client.http.cookies.clear()
    await staff.give_password(client)
    page = await client.get(FACTOR)
    assert 'data-passkey="get"' in page.text
    asked = await options(client, FACTOR)
    assert [one["id"] for one in asked["allowCredentials"]] == [json.loads(key.get(asked))["id"]]
    assert location(await client.post(FACTOR, {"credential": key.get(asked)})) == "/staff"
    # Again before a change, by a challenge of its own.
    asked = await options(client, FACTOR)
    answer = await client.post("/staff/confirmation", {"credential": key.get(asked), "next": "/staff/new-factor"})
    assert location(answer) == NEW
    assert [row["event"] for row in await run("SELECT event FROM staff_journal ORDER BY number")] == [
        "staff-added", "staff-began", "staff-signed-in", "staff-confirmed",
    ]  # fmt: skip


async def test_a_challenge_is_good_for_one_answer_of_one_session(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock
) -> None:
    key, other = Authenticator(), another_browser()
    await begin(client, portal, clock, key)
    for browser in (client, other):
        browser.http.cookies.clear()
        await staff.give_password(browser)
    asked = await options(client, FACTOR)
    answer = key.get(asked)
    # In another session, which has a challenge of its own, and in one that has none.
    assert (await other.post(FACTOR, {"credential": answer})).status_code == 422
    await options(other, FACTOR)
    assert (await other.post(FACTOR, {"credential": answer})).status_code == 422
    # A wrong answer uses it up too.
    assert (await client.post(FACTOR, {"credential": "{}"})).status_code == 422
    refused = await client.post(FACTOR, {"credential": answer})
    assert refused.status_code == 422
    assert errors(refused)[0] == "Ключ доступа не подошел. Повторите или введите код."
    # A later challenge takes the place of the one before it.
    earlier, later = await options(client, FACTOR), await options(client, FACTOR)
    assert (await client.post(FACTOR, {"credential": key.get(earlier)})).status_code == 422
    later = await options(other, FACTOR)
    right = key.get(later)
    await portal_forgets_tries()
    assert location(await other.post(FACTOR, {"credential": right})) == "/staff"
    # The answer that has signed in opens no further session.
    await staff.give_password(client)
    await options(client, FACTOR)
    assert (await client.post(FACTOR, {"credential": right})).status_code == 422


async def portal_forgets_tries() -> None:
    await run("DELETE FROM throttles")


@pytest.mark.parametrize(
    "wrong",
    [
        Authenticator(origin="https://kabinet.example.org.evil.example"),
        Authenticator(origin="http://kabinet.example.org"),
        Authenticator(host="evil.example"),
    ],
    ids=["another origin", "no https", "another relying party"],
)
async def test_an_answer_for_another_page_is_refused(
    client: Browser, portal: Portal, clock: Clock, wrong: Authenticator
) -> None:
    await client.get((await staff.invite(portal, clock)).removeprefix(ORIGIN))
    await client.post(SETUP, {"password": PASSWORD})
    assert (await client.post(NEW, {"credential": wrong.create(await options(client, NEW))})).status_code == 422
    right = Authenticator(id=wrong.id)
    right._key = wrong._key
    made = right.create(await options(client, NEW))
    assert location(await client.post(NEW, {"credential": made})) == "/staff/recovery-codes"
    client.http.cookies.clear()
    await staff.give_password(client)
    assert (await client.post(FACTOR, {"credential": wrong.get(await options(client, FACTOR))})).status_code == 422
    assert location(await client.get("/staff")) == SIGN_IN


async def test_anothers_key_and_a_copied_key_are_refused(client: Browser, portal: Portal, clock: Clock) -> None:
    key = Authenticator()
    await begin(client, portal, clock, key)
    client.http.cookies.clear()
    await staff.give_password(client)
    stranger = Authenticator()
    forged = Authenticator(id=key.id)
    for one in (stranger, forged):
        assert (await client.post(FACTOR, {"credential": one.get(await options(client, FACTOR))})).status_code == 422
    key.counts = 7
    assert location(await client.post(FACTOR, {"credential": key.get(await options(client, FACTOR))})) == "/staff"
    # A copy that has not counted along (WebAuthn, 7.2, step 22).
    key.counts = 7
    client.http.cookies.clear()
    await staff.give_password(client)
    assert (await client.post(FACTOR, {"credential": key.get(await options(client, FACTOR))})).status_code == 422


_RESPONSE = {"clientDataJSON": "%", "authenticatorData": "", "signature": "", "attestationObject": "a"}
_NO_ANSWER = json.dumps({"id": "a", "rawId": "a", "type": "public-key", "response": _RESPONSE})
MALFORMED = ["{}", "[]", "null", "7", "\x00", "[" * 4000, '{"id": 1}', _NO_ANSWER]


async def test_what_no_authenticator_says_is_refused_and_no_fault(
    client: Browser, portal: Portal, clock: Clock
) -> None:
    key = Authenticator()
    await client.get((await staff.invite(portal, clock)).removeprefix(ORIGIN))
    await client.post(SETUP, {"password": PASSWORD})
    for text in MALFORMED:
        await options(client, NEW)
        assert (await client.post(NEW, {"credential": text})).status_code == 422, text[:40]
    made = json.loads(key.create(await options(client, NEW)))
    for broken in ("", "AAAA", "oWNmbXRkbm9uZQ", made["response"]["attestationObject"][:-8]):
        answer = {**made, "response": {**made["response"], "attestationObject": broken}}
        assert (await client.post(NEW, {"credential": json.dumps(answer)})).status_code == 422, broken[:40]
    assert location(await client.post(NEW, {"credential": key.create(await options(client, NEW))}))
    client.http.cookies.clear()
    await staff.give_password(client)
    for text in [*MALFORMED, key.get({"challenge": "%%%"})]:
        await portal_forgets_tries()
        await options(client, FACTOR)
        assert (await client.post(FACTOR, {"credential": text})).status_code == 422, text[:40]
