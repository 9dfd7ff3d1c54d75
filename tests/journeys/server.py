"""The portal as operators run it: a process of its own, on the fictitious company, on either database."""

from __future__ import annotations

import asyncio
import contextlib
import html
import os
import re
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.request
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError
from zoneinfo import ZoneInfo

import asyncpg

from domain.registry import demo_company
from domain.values.money import read_amount, show_amount
from domain.values.periods import show_period
from tests.commands import APP, LITESTAR, Command, forked

ROOT = Path(__file__).parents[2]
STAFF = "staff@kabinet.example"
CAPTCHA = "24680"
_START_SECONDS = 30
T = TypeVar("T")
_ARTICLE = re.compile(r'<article[^>]* data-message="([^"]+)">(.*?)</article>', re.DOTALL)


@dataclass(frozen=True)
class Bill:
    """What a customer reads on paper: the newest bill of one account of the fictitious company."""

    account_number: str
    address: str
    period: str
    amount: str


@dataclass(frozen=True)
class Message:
    """An SMS or e-mail as its recipient reads it."""

    message: str
    text: str

    @property
    def code(self) -> str:
        return self._found(r"(?<=Код )\d{6}")

    @property
    def link(self) -> str:
        return self._found(r"http\S+")

    def _found(self, pattern: str) -> str:
        found = re.search(pattern, self.text)
        assert found, f"no {pattern} in {self.text!r}"
        return found.group()


@dataclass(frozen=True)
class Server:
    """A running portal; `url` is its origin."""

    url: str
    database: str

    def messages(self, to: str) -> list[Message]:
        """What /dev/outbox shows for one phone (E.164) or e-mail, newest first."""
        with urllib.request.urlopen(f"{self.url}/dev/outbox") as answer:
            page = answer.read().decode()
        found = [(message, html.unescape(re.sub("<[^>]*>", "", body))) for message, body in _ARTICLE.findall(page)]
        return [Message(message, text) for message, text in found if re.search(rf"для {re.escape(to)}\s", text)]

    def bill(self, place: int) -> Bill:
        today = datetime.now(ZoneInfo("Europe/Moscow")).date()
        account = demo_company.accounts()[place]
        own = [bill for bill in demo_company.bills(today) if bill["account_number"] == account["account_number"]]
        newest = max(own, key=lambda bill: bill["period"])
        kopecks = read_amount(newest["amount"])
        assert kopecks is not None
        return Bill(account["account_number"], account["address"], show_period(newest["period"]), show_amount(kopecks))

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """For what a test cannot wait for: time that passes, a session that an operator ends."""
        if self.database.startswith("sqlite:"):
            connection = sqlite3.connect(self.database.removeprefix("sqlite:"), timeout=10)
            try:
                with connection:
                    return connection.execute(statement).fetchall()
            finally:
                connection.close()
        return _apart(self._sql_of_postgres(statement))

    async def _sql_of_postgres(self, statement: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.database)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()


@contextlib.contextmanager
def running(database: str, folder: Path, host: str = "127.0.0.1", **settings: str) -> Iterator[Server]:
    """The portal on `database`, filled with the fictitious company.

    It runs in `folder`, which has no `.env`, unlike perhaps the checkout. `settings` are further KABINET_*.
    """
    port = free_port()
    url = f"http://{host}:{port}"
    environment = environment_of(database, url) | settings
    loaded = Command(LITESTAR, ["registry", "demo"], environment, folder).finished()
    assert loaded.returncode == 0, f"the fictitious company was not loaded: {loaded.stderr}"

    log = folder / "log"
    process = forked(LITESTAR, [*APP, "run", "--port", str(port)], environment, folder, [log, log])
    try:
        await_ready(process, url, log)
        yield Server(url, database)
    finally:
        process.terminate()
        process.join(_START_SECONDS)
    said = log.read_text()
    assert not re.search("Traceback|ERROR|CRITICAL", said), f"the server logged a fault:\n{said}"


async def new_database(uri: str) -> str:
    """An empty database of the PostgreSQL server at `uri`."""
    connection = await asyncpg.connect(uri)
    name = f"journeys_{os.getpid()}"
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return uri.replace("/postgres?", f"/{name}?")


def environment_of(database: str, url: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("KABINET_", "LITESTAR_"))}
    return own | {
        "PYTHONPATH": str(ROOT),
        "KABINET_DATABASE": database,
        "KABINET_PUBLIC_URL": url,
        "KABINET_SECRET": "a secret of the browser tests, long enough",
        "KABINET_TRACKS": "account,card",
        "KABINET_CAPTCHA_CODE": CAPTCHA,
        "KABINET_STAFF_EMAIL": STAFF,
        "KABINET_SMS_CALL": "on",
        # All visitors come from one address, and guess at the same accounts.
        "KABINET_SMS_PER_IP_HOUR": "10000",
        "KABINET_BILL_TRIES_ACCOUNT_DAY": "10000",
        "KABINET_CARD_TRIES_IP_HOUR": "10000",
    }


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def await_ready(process: BaseProcess | subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        assert _is_alive(process), f"the server ended at once:\n{log.read_text()}"
        try:
            with urllib.request.urlopen(f"{url}/health/ready"):
                return
        except URLError:
            time.sleep(0.05)  # nothing tells when a port begins to answer
    raise TimeoutError(f"the server was not ready after {_START_SECONDS} s:\n{log.read_text()}")


def _is_alive(process: BaseProcess | subprocess.Popen[bytes]) -> bool:
    return process.poll() is None if isinstance(process, subprocess.Popen) else process.is_alive()


def _apart(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in a thread of its own: playwright's loop may be running in this one."""
    results: list[T] = []
    thread = threading.Thread(target=lambda: results.append(asyncio.run(work)))
    thread.start()
    thread.join()
    return results[0]
