"""After a whole registration nothing secret is left: not in the database, not in the log, not in their files.

The messages go through a real gateway and a real mail server, so that they are sent and wiped. The phone and the
e-mail are bound to a card of the registry, whose rows must not give them away either.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from db.engine import Engine, run
from domain.registry import demo_company
from domain.registry.importing import import_rows
from domain.registry.kinds import kinds
from domain.sealing import Sealing
from settings import Settings
from tests.browser import PASSWORD, PERSON, STEPS, Browser, path_of
from tests.conftest import fill_registry
from tests.domain.delivery.channels.gateway import Gateway, running_gateway
from tests.domain.delivery.channels.mailbox import Mailbox, running_mailbox
from tests.faults.portal_process import running_portal

CARDS = demo_company.cards()
# A holder registers with the very phone and e-mail that the registry binds to their card.
HOLDER = CARDS[0]


@dataclass
class Left:
    """What a registration has left behind, and what it knew."""

    database: bytes
    log: bytes
    secrets: dict[str, str]


async def _wiped() -> None:
    async with asyncio.timeout(20):
        while await run("SELECT id FROM outbox WHERE state IN ('waiting', 'sending')"):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def _dump(database: str) -> bytes:
    """Every byte of the SQLite files, or every row of PostgreSQL."""
    if database.startswith("sqlite:"):
        path = Path(database.removeprefix("sqlite:"))
        return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))
    connection = await asyncpg.connect(database)
    try:
        content = bytearray()

        async def keep(piece: bytes) -> None:
            content.extend(piece)

        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for table in tables:
            await connection.copy_from_table(table["tablename"], output=keep)
        return bytes(content)
    finally:
        await connection.close()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as mailbox:
        yield mailbox


@asynccontextmanager
async def _registered(
    settings: Settings, gateway: Gateway, mailbox: Mailbox, folder: Path
) -> AsyncIterator[tuple[Browser, dict[str, str]]]:
    environment = {
        "KABINET_SMS": gateway.dsn(),
        "KABINET_MAIL": f"smtp://127.0.0.1:{mailbox.port}?tls=none",
        "KABINET_MAIL_FROM": "kabinet@example.org",
        "KABINET_STAFF_EMAIL": "staff@example.org",
        "PYTHONASYNCIODEBUG": "1",
    }

    async def read_code(_: str) -> str:
        await asyncio.wait_for(gateway.came.wait(), 20)
        return gateway.requests[-1]["text"].split()[1]

    async with running_portal(settings.database, folder, 1, **environment) as portal:
        browser = portal.browser(phone=HOLDER["phone"])
        browser.read_code = read_code
        browser.forms["person"] = {**PERSON, "email": HOLDER["email"]}
        # Mistakes too: what was wrong is no less secret.
        await browser.submit("phone")
        await browser.post(path_of("code"), {"code": "нет-123456"})
        before = browser.cookie
        for step in STEPS[1:-1]:
            await browser.submit(step)
        await browser.post(path_of("password"), {"password": f"Анна {PASSWORD}"})
        await browser.submit("password")
        await browser.get("/profile")
        await _wiped()
        email = mailbox.emails[-1].get_body(("plain",))
        assert email is not None
        found = re.search(r"/email/confirmation/(\S+)", email.get_content())
        assert found is not None
        for _ in range(2):
            await browser.get(f"/email/confirmation/{found[1]}", headers={"HX-Current-URL": f"http://x/{found[1]}"})
            await browser.get("/email/confirmation")
            await browser.post(f"/email/confirmation/{found[1]}")
        assert before is not None
        assert browser.cookie is not None
        yield (
            browser,
            {
                "code": await read_code(""),
                "password": PASSWORD,
                "link": found[1],
                "session before": before,
                "session": browser.cookie,
            },
        )
        await browser.http.aclose()


@pytest.fixture
async def left(engine: Engine, settings: Settings, mailbox: Mailbox, tmp_path: Path) -> Left:
    now = datetime.now(UTC)
    await fill_registry(settings, now)
    known = kinds(Sealing(settings.secret), settings.sms_countries, now.date())["cards"]
    rows = [[row[column] for column in known.column_names] for row in CARDS]
    await import_rows(engine, known, enumerate(rows, 1), now)
    async with running_gateway() as gateway, _registered(settings, gateway, mailbox, tmp_path) as (_, secrets):
        database = await _dump(settings.database)
        log = (tmp_path / "portal.log").read_bytes()
    log += (tmp_path / "portal.log").read_bytes()
    return Left(database, log, secrets)


async def test_neither_the_database_nor_the_log_tells_a_secret(left: Left) -> None:
    # They are what they seem to be: a log at its most verbose, and a database with the registration in it.
    assert b"kabinet.access" in left.log
    assert b"POST /registration/account/code 422" in left.log
    assert b"GET /email/confirmation/{token} 303" in left.log
    assert "Иванова".encode() in left.database
    assert CARDS[0]["card_number"][-4:].encode() in left.database
    for where, content in (("database", left.database), ("log", left.log)):
        for what, secret in left.secrets.items():
            if what != "code":
                assert secret.encode() not in content, f"the {where} holds the {what}"
        # Six digits are in any time stamp's fraction: as a word of their own they are not.
        code = re.compile(rb"(?<![0-9a-f.])" + left.secrets["code"].encode() + rb"(?![0-9a-f])")
        assert not code.search(content), f"the {where} holds the code"
        for card in CARDS:
            for name in ("card_number", "email", "phone"):
                assert card[name].encode() not in content, f"the {where} holds a {name}"
        digits = HOLDER["phone"].removeprefix("+7").encode()
        assert digits not in content, f"the {where} holds the phone without its prefix"
        for form in ("+7 900 000-01-01", "%2B79000000101", "holder1%40example.org", "HOLDER1@"):
            assert form.encode() not in content, f"the {where} holds {form}"


async def test_the_messages_were_sent_and_wiped(left: Left) -> None:
    rows = await run("SELECT message, state, sealed FROM outbox ORDER BY id")
    assert [(row["message"], row["state"], row["sealed"]) for row in rows] == [
        ("registration-code", "accepted", ""),
        ("email-confirmation", "sent", ""),
    ]


async def test_the_log_names_no_customer(left: Left) -> None:
    for words in ("Иванова", "Липовая", "7000000111", "1234,56", "1984"):
        for form in (words.encode(), words.encode("unicode_escape"), words.encode("cp1251")):
            assert form not in left.log, words
