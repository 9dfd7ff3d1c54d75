"""The customer's own journal: every event in words, the requests for codes and the download among them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from db.engine import run
from routes.catalogue import use_language
from routes.design import TEMPLATES
from routes.dev.gallery import draw
from routes.dev.states import State, states_of
from routes.sources import sources
from routes.templates import Templates
from tests.browser import ANOTHER, BILL, PHONE, REQUEST, Browser, path_of
from tests.conftest import Clock
from tests.languages import LANGUAGES
from tests.screen import words

BASE = "/profile/security"
UNKNOWN = "8 900 111-22-33"
Another = Callable[..., Browser]


# The second argument of these; of `judge_hash`, which hands it on, the fifth.
_WRITERS = {"journal.note": 1, "journal.note_repeat": 1, "judge_hash": 4}


def _events() -> set[str]:
    """Second argument of every call that writes an entry, wherever it stands."""
    found: set[str] = set()
    for folder in ("domain", "routes"):
        for path in (TEMPLATES.parent / folder).rglob("*.py"):
            if "staff" in path.parts:  # their acts have a journal of their own
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in _WRITERS:
                    event = node.args[_WRITERS[ast.unparse(node.func)]]
                    if ast.unparse(event) == "event" and path.name == "by_password.py":
                        continue  # its callers write it out
                    if any(ast.unparse(argument) == "None" for argument in node.args):
                        continue  # about no customer
                    assert isinstance(event, ast.Constant), f"{path}: write the event out, so that it can be found"
                    found.add(str(event.value))
    return found


EVENTS = sorted(_events())
templates = Templates(ZoneInfo("Europe/Moscow"), lambda name: f"/static/{name}", sources(watch=False))


def test_events_are_found() -> None:
    assert {"signed-in", "code-requested", "data-exported"} <= set(EVENTS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", EVENTS)
def test_every_event_has_its_words(event: str, language: str) -> None:
    state = states_of("profile/security/overview")[0].values
    entry = {**state["entries"][0], "event": event}
    with use_language(language):
        html = draw(templates, State("profile/security/overview", event, {**state, "entries": [entry]}))
    assert f"<p>{event}<br>" not in html
    assert "<p><br>" not in html


async def _code_requests() -> list[tuple[int | None, str, str]]:
    sql = "SELECT customer, ip, details, times FROM journal WHERE event = 'code-requested' ORDER BY id"
    return [(row["customer"], row["ip"], row["details"]) for row in await run(sql) for _ in range(row["times"])]


async def _registered(client: Browser, clock: Clock) -> int:
    """The customer's id; what their registration has left behind no longer counts."""
    await client.register()
    await run("DELETE FROM journal")
    clock.forward(hours=2)
    return int((await run("SELECT id FROM customers ORDER BY id DESC"))[0]["id"])


@pytest.mark.parametrize("purpose", ["recovery", "registration"])
async def test_who_asks_for_a_code_to_a_customers_phone_stands_in_their_journal(
    client: Browser, another_browser: Another, clock: Clock, purpose: str
) -> None:
    customer = await _registered(client, clock)
    for phone, known in ((PHONE, customer), (UNKNOWN, None)):
        await run("DELETE FROM journal")
        stranger = another_browser("198.51.100.9", phone=phone)
        if purpose == "recovery":
            await stranger.post("/sign-in/phone", {"phone": phone})
            await stranger.post("/recovery")
        else:
            await stranger.submit("phone")
        # A row either way: nothing that can be measured tells one from the other.
        assert await _code_requests() == [(known, "198.51.100.9", purpose)]
        await stranger.post("/recovery/code" if purpose == "recovery" else path_of("code"), ANOTHER)
        assert len(await _code_requests()) == 1, "refused as too early: none was sent"


async def test_the_owner_reads_who_has_asked_for_a_code(
    client: Browser, another_browser: Another, clock: Clock
) -> None:
    await _registered(client, clock)
    stranger = another_browser("198.51.100.9")
    await stranger.post("/sign-in/phone", {"phone": PHONE})
    await stranger.post("/recovery")
    await client.sign_in()
    page = words(await client.get(BASE))
    assert re.search(r"Запрошен код из СМС \d+ \w+ в \d\d:\d\d, IP-адрес 198\.51\.100\.9", page)


async def test_a_code_to_a_new_phone_stands_in_the_journal_of_who_asks_and_of_whose_it_is(
    client: Browser, another_browser: Another, clock: Clock
) -> None:
    other = await _registered(another_browser(phone=UNKNOWN), clock)
    asking = await _registered(client, clock)
    await client.sign_in()
    await client.post(f"{BASE}/phone", {"phone": UNKNOWN})
    assert sorted(row[0] or 0 for row in await _code_requests()) == [other, asking]
    clock.forward(minutes=2)
    await client.post(f"{BASE}/phone/code", ANOTHER)
    assert sorted(row[0] or 0 for row in await _code_requests()) == [other, other, asking, asking]
    assert "Запрошен код из СМС" in words(await client.get(BASE))


async def test_a_code_that_is_not_sent_stands_in_nobodys_journal(client: Browser, clock: Clock) -> None:
    """A login and a number that do not belong together: the screens go on, and no SMS comes."""
    await _registered(client, clock)
    await client.post("/sign-out")
    await client.post("/recovery/login", {"login": "nobody"})
    await client.post("/recovery/phone", {"phone": PHONE})
    assert await _code_requests() == [(None, "203.0.113.7", "recovery")]


async def test_the_download_stands_in_the_journal_and_in_the_next_file(client: Browser) -> None:
    await client.register()
    first = (await client.get("/profile/data")).json()
    assert "data-exported" not in [entry["event"] for entry in first["journal"]]
    assert "Скачаны данные" in words(await client.get(BASE))
    second = (await client.get("/profile/data")).json()
    assert second["journal"][0]["event"] == "data-exported"


async def test_a_request_for_connection_is_written_once(client: Browser) -> None:
    await client.reach("bill")
    await client.post(path_of("bill"), {**BILL, "amount": "1"})
    await client.post(path_of("connection"), REQUEST)
    assert len(await run("SELECT id FROM journal WHERE event = 'connection-requested'")) == 1
