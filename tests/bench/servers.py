"""The portal and its references as processes, each on the server's core; the driver is the benchmark's own process."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import progress
from tests.bench.processes import CORES, SERVER_CORE
from tests.journeys.server import ROOT, free_port

SECRET = "a secret of the benchmark, long enough to be one"
CHEAP_APP, APP = "tests.bench.cheap_app:create_app", "app:create_app"
_SECONDS = 60.0
_MANY = str(10**7)
# Work is measured, not refusals: every limit is out of the way. One client plays all customers.
_LIMITS = (
    "CODE_TRIES_DAY", "SMS_PER_PHONE_HOUR", "SMS_PER_PHONE_DAY", "SMS_PER_IP_HOUR", "SMS_BUDGET_DAY",
    "SMS_BUDGET_REGISTRATION_DAY", "RECOVERY_REQUESTS_IP_HOUR", "SIGN_IN_TRIES",
    "SIGN_IN_TRIES_ANYWHERE_HOUR", "SIGN_IN_FAILURES_IP_HOUR", "BILL_TRIES_PHONE_DAY", "BILL_TRIES_ACCOUNT_DAY",
    "BILL_ACCOUNTS_PHONE_DAY", "CARD_TRIES_HOUR", "CARD_TRIES_IP_HOUR", "CAPTCHA_PICTURES_IP_HOUR",
    "CAPTCHA_VOICES_IP_HOUR", "PASSWORD_QUEUE",
)  # fmt: skip


@dataclass(frozen=True)
class Running:
    """A server that has answered; `pid` is the root of its processes."""

    port: int
    pid: int
    log: Path


def environment(database: str, port: int, mode: str = "production", **more: str) -> dict[str, str]:
    """Of a portal whose messages stay in the outbox, unless `more` says otherwise."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("KABINET_", "LITESTAR_"))}
    settings = {
        "PYTHONPATH": str(ROOT),
        "KABINET_MODE": mode,
        "KABINET_DATABASE": database,
        "KABINET_SECRET": SECRET,
        "KABINET_PUBLIC_URL": f"{'https' if mode == 'production' else 'http'}://127.0.0.1:{port}",
        "KABINET_TRACKS": "account,card",
        **{f"KABINET_{name}": _MANY for name in _LIMITS},
    }
    if mode == "production":
        settings |= {
            "KABINET_SMS": "http+kannel://user:password@127.0.0.1:1/cgi-bin/sendsms",
            "KABINET_MAIL": "smtp://127.0.0.1:1",
            "KABINET_MAIL_FROM": "kabinet@kabinet.example",
            "KABINET_STAFF_EMAIL": "staff@kabinet.example",
            "KABINET_DELIVERY": "separate",
        }
    return own | settings | more


@contextlib.contextmanager
def portal(
    database: str, folder: Path, *, app: str = APP, mode: str = "production", workers: int = 1, pinned: bool = True,
    **settings: str,
) -> Iterator[Running]:  # fmt: skip
    """`litestar run` on `database`, in `folder`, where there is no `.env`."""
    port = free_port()
    command = ["-m", "litestar", "--app", app, "run", "--port", str(port), "--wc", str(workers)]
    given = environment(database, port, mode, **settings)
    with _running(command, port, folder / f"portal-{port}.log", folder, given, pinned) as server:
        yield server


@contextlib.contextmanager
def page(folder: Path, size: int) -> Iterator[Running]:
    port = free_port()
    command = ["-m", "tests.bench.references.page", str(port), str(size)]
    with _running(command, port, folder / f"page-{port}.log", folder) as server:
        yield server


@contextlib.contextmanager
def least(folder: Path, database: Path, size: int, cost: str = "cheap") -> Iterator[Running]:
    port = free_port()
    command = ["-m", "tests.bench.references.least", str(port), str(size), str(database), cost]
    with _running(command, port, folder / f"least-{port}.log", folder) as server:
        yield server


@contextlib.contextmanager
def _running(
    command: list[str], port: int, log: Path, cwd: Path, given: dict[str, str] | None = None, pinned: bool = True
) -> Iterator[Running]:
    given = given or {**os.environ, "PYTHONPATH": str(ROOT)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=cwd, env=given, stdout=output, stderr=subprocess.STDOUT
        )
    os.sched_setaffinity(process.pid, {SERVER_CORE} if pinned else CORES)
    try:
        _await_port(process, port, log)
        yield Running(port, process.pid, log)
    finally:
        process.terminate()
        process.wait(timeout=_SECONDS)
        said = log.read_text(encoding="utf-8")
        if faults := re.findall(r"^.*(?:Traceback|ERROR|CRITICAL)(?:.*\n){1,12}", said, re.MULTILINE):
            progress(f"{command[1]} logged a fault:\n{faults[0]}")


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until a page is answered: a socket listens before its application is there."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, f"the server ended at once:\n{log.read_text(encoding='utf-8')}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), _SECONDS) as probe:
            probe.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
            if probe.recv(12) == b"HTTP/1.1 200":
                return
        time.sleep(0.002)  # nothing tells when a port begins to answer
    raise TimeoutError(f"no answer within {_SECONDS} s:\n{log.read_text(encoding='utf-8')}")
