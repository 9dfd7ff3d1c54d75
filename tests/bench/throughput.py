"""How fast a backlog goes out: `litestar delivery run` on a core of its own, beside a bare client with the same bytes.

The gateway stands in this process. On PostgreSQL two workers share a backlog; what the machine has room for beside one
is told by two that share nothing, each with a database and a backlog of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from db.engine import make_engine, opened, run, transaction
from db.migrate import migrate
from domain.delivery import outbox
from domain.delivery.messages import EmailConfirmation, Message, RegistrationCode
from domain.portal import make_portal
from domain.scope import NOBODY, Scope
from settings import Settings
from tests.bench import seed, servers
from tests.bench.figures import Figure, Scale, by_turns, compared
from tests.bench.gateways import Kannel, Smpp, Smtp, Taking, gateway
from tests.bench.postgres import postgres
from tests.bench.processes import CORES, SERVER_CORE, cpu_seconds
from tests.journeys.server import ROOT, free_port

_SECONDS = 120
# Rows of one transaction; and of the shortest backlog.
_BATCH, _FEWEST = 1000, 20
_LINK = "https://kabinet.example/email/confirmation/"


@dataclass(frozen=True)
class Way:
    """`a_second` is about how many go out in one, `window` as many as the portal has unanswered at once."""

    name: str
    title: str
    stand_in: Callable[[Taking], Any]
    setting: str
    address: str
    window: int
    a_second: int
    wanted: str
    is_mail: bool = False


_KANNEL = Way(
    "kannel",
    "Kannel's form",
    Kannel,
    "KABINET_SMS",
    "http+kannel://user:password@127.0.0.1:{}/cgi-bin/sendsms",
    256,
    1000,
    "≥ 1,000",
)
WAYS = (
    _KANNEL,
    Way("smpp", "SMPP", Smpp, "KABINET_SMS", "smpp://portal:password@127.0.0.1:{}?window=50", 50, 1000, "≥ 1,000"),
    Way("smtp", "SMTP", Smtp, "KABINET_MAIL", "smtp://127.0.0.1:{}?tls=none", 8, 400, "≥ 400", is_mail=True),
)


def _message(way: Way, number: int) -> tuple[Message, str]:
    if way.is_mail:
        return EmailConfirmation("Анна", f"{_LINK}{number:043}", 259200), f"customer{number}@example.org"
    return RegistrationCode(f"{number % 10**6:06}", 600), seed.phone(700_000_000 + number)


async def fill(database: str, way: Way, messages: int) -> None:
    """As use cases post them. What was sent before goes."""
    settings = Settings(_env_file=None, database=database, secret=servers.SECRET)  # type: ignore[call-arg]
    portal, now = make_portal(settings), datetime.now(UTC)
    async with opened(make_engine(database)) as engine:
        await migrate(engine)
        await run("DELETE FROM outbox")
        for start in range(0, messages, _BATCH):
            async with transaction():
                for number in range(start, min(start + _BATCH, messages)):
                    message, to = _message(way, number)
                    await outbox.post(Scope(portal, NOBODY, now), message, to)


@contextlib.contextmanager
def _process(command: Sequence[str], folder: Path, given: dict[str, str], cores: Sequence[int]) -> Iterator[int]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([sys.executable, *command], cwd=folder, env=given, stdout=log, stderr=log)
    os.sched_setaffinity(process.pid, cores)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(_SECONDS)


class Backlogs:
    """A round is a backlog of `messages`; `sent` keeps the bytes of the last one.

    `cpu` is what the portal's workers spent on a message in each round, ms; not what their start took.
    """

    def __init__(self, way: Way, folder: Path, messages: int) -> None:
        self._way, self._folder, self._messages = way, folder, messages
        self.sent: list[bytes] = []
        self.cpu: list[float] = []

    async def of_portal(self, *databases: str, workers: int = 1, cores: Sequence[int] = (SERVER_CORE,)) -> float:
        """Messages a second, of all `databases` together, each with so many workers."""
        for database in databases:
            await fill(database, self._way, self._messages // len(databases))
        port = free_port()
        settings = {self._way.setting: self._way.address.format(port), "KABINET_LOG_LEVEL": "warning"}
        command = ["-m", "litestar", "--app", servers.APP, "delivery", "run"]
        expected = self._messages // len(databases) * len(databases)
        async with gateway(self._way.stand_in, port, expected, keep=not self.sent) as taking:
            with contextlib.ExitStack() as stack:
                pids = []
                for database in databases * workers:
                    given = servers.environment(database, free_port(), **settings)
                    pids.append(stack.enter_context(_process(command, self._folder, given, cores)))
                await self._come(taking, taking.first_taken)
                begun, before = taking.taken, sum(map(cpu_seconds, pids))
                await self._come(taking, taking.all_taken)
                spent = sum(map(cpu_seconds, pids)) - before
        self.cpu.append(1000 * spent / max(1, taking.taken - begun))
        self.sent = self.sent or taking.messages
        return taking.rate

    async def of_bare(self) -> float:
        """The same bytes."""
        port, file = free_port(), self._folder / "messages"
        file.write_bytes(pickle.dumps(self.sent))
        command = ["-m", "tests.bench.references.bare", self._way.name, str(port), str(file), str(self._way.window)]
        given = {**os.environ, "PYTHONPATH": str(ROOT)}
        async with gateway(self._way.stand_in, port, len(self.sent), keep=False) as taking:
            with _process(command, self._folder, given, [SERVER_CORE]):
                await self._come(taking, taking.all_taken)
        return taking.rate

    async def _come(self, taking: Taking, event: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                await event.wait()
        except TimeoutError:
            raise AssertionError(f"only {taking.taken}:\n{(self._folder / 'log').read_text()}") from None


async def of_way(way: Way, folder: Path, scale: Scale) -> list[Figure]:
    backlogs = Backlogs(way, folder, max(_FEWEST, round(scale.seconds * way.a_second)))
    database = f"sqlite:{folder / way.name}.sqlite"
    rounds = await by_turns(scale.rounds, lambda: backlogs.of_portal(database), backlogs.of_bare)
    title = f"a backlog goes out by {way.title} (wanted: {way.wanted})"
    return [
        compared(f"backlog-{way.name}", title, "messages/s", "bare", rounds, "≥ 0.35"),
        # But for the first round, which is for warming up.
        Figure(f"cpu-{way.name}", f"CPU of a message by {way.title}", "ms", statistics.median(backlogs.cpu[1:])),
    ]


async def _of_two(address: str, folder: Path, scale: Scale) -> list[Figure]:
    """By Kannel's form, on PostgreSQL."""
    databases = []
    for name in ("bench_one", "bench_other"):
        connection = await asyncpg.connect(address)
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        databases.append(address.replace("/postgres?", f"/{name}?"))
    backlogs = Backlogs(_KANNEL, folder, max(_FEWEST, round(scale.seconds * _KANNEL.a_second)))

    async def one() -> float:
        return await backlogs.of_portal(databases[0], cores=CORES)

    shared = await by_turns(scale.rounds, lambda: backlogs.of_portal(databases[0], workers=2, cores=CORES), one)
    apart = await by_turns(scale.rounds, lambda: backlogs.of_portal(*databases, cores=CORES), one)
    cores = f"{len(CORES)} cores"
    return [
        compared("backlog-two", f"two workers share one on PostgreSQL ({cores})", "messages/s", "one", shared, "≥ 1.8"),
        compared("backlog-apart", "what there is room for: two that share nothing", "messages/s", "one", apart),
    ]


def measure(scale: Scale) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name:
        folder = Path(name)
        figures = [figure for way in WAYS for figure in asyncio.run(of_way(way, folder, scale))]
        with postgres(folder) as address:
            return [*figures, *asyncio.run(_of_two(address, folder, scale))]
