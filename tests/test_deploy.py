"""The files of deploy/ against the program, as far as no server is needed: tests/integration runs them."""

from __future__ import annotations

import asyncio
import re
import shlex
import socket
import tomllib
from pathlib import Path

import pytest
import yaml

from routes import every_handler
from routes.own_path import links_among
from routes.supervisor import supervised
from settings import Settings
from tests.faults.portal_process import running_portal

DEPLOY = Path(__file__).parents[1] / "deploy"
CONTAINERFILE, COMPOSE = DEPLOY / "container/Containerfile", DEPLOY / "container/compose.yaml"
SERVICES = sorted((DEPLOY / "systemd").glob("*.service"))


@pytest.mark.parametrize("file", ["nginx/kabinet.conf", "caddy/Caddyfile"])
def test_a_proxy_cuts_the_token_of_every_link_out_of_its_log(file: str) -> None:
    found = re.search(r"\((?:\?<\w+>)?((?:/[\w/-]+\|)+/[\w/-]+)\)", (DEPLOY / file).read_text("utf-8"))
    assert found
    assert tuple(sorted(found[1].split("|"))) == links_among(every_handler())


def test_every_service_is_confined_in_the_same_way() -> None:
    blocks = {re.search(r"\nNoNewPrivileges=.*?EPERM\n", path.read_text("utf-8"), re.DOTALL) for path in SERVICES}
    assert len(SERVICES) == 4
    assert None not in blocks
    assert len({block[0] for block in blocks if block}) == 1


def _instructions() -> list[tuple[str, str]]:
    """Of the Containerfile: name and the rest of the line, continued lines joined."""
    joined = CONTAINERFILE.read_text("utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def test_the_image_is_made_of_files_that_exist() -> None:
    """Whatever the wheel takes from the checkout has to be copied, too."""
    known = "FROM WORKDIR COPY RUN USER ENV EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD"
    assert {name for name, _ in _instructions()} <= set(known.split())
    copied = {
        word
        for name, rest in _instructions()
        if name == "COPY" and "--from" not in rest
        for word in shlex.split(rest)[:-1]
    }
    assert [word for word in copied if not (DEPLOY.parent / word).exists()] == []
    wheel = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert {path.strip("/") for path in wheel["wheel"]["include"]} <= copied
    (user,) = (rest for name, rest in _instructions() if name == "USER")
    assert user.split(":")[0] not in {"0", "root"}


def test_the_compose_file_names_files_and_parts_that_exist() -> None:
    compose = yaml.safe_load(COMPOSE.read_text("utf-8"))
    services = compose["services"]
    for name, service in services.items():
        if build := service.get("build"):
            context = COMPOSE.parent / build["context"]
            assert (context / build["dockerfile"]).resolve() == CONTAINERFILE, name
        assert set(service.get("depends_on", [])) <= set(services), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (COMPOSE.parent / source).exists() if "/" in source else source in compose["volumes"], volume
    used = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert set(compose["volumes"]) <= used
    variables = {name for service in services.values() for name in service.get("environment", {})}
    fields = {f"KABINET_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in variables if name.startswith("KABINET_")} <= fields


async def test_systemd_is_told_of_readiness_and_of_an_event_loop_that_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "30000")
        loop = asyncio.get_running_loop()
        async with supervised(), asyncio.timeout(30):
            told = [await loop.sock_recv(systemd, 100) for _ in range(3)]
    assert told == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_worker_tells_for_its_command(database: str, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + f"kabinet-{tmp_path}"[:90])
        systemd.settimeout(30)
        address = "@" + f"kabinet-{tmp_path}"[:90]
        async with running_portal(database, tmp_path, 1, NOTIFY_SOCKET=address, WATCHDOG_USEC="300000"):
            assert [await asyncio.to_thread(systemd.recv, 100) for _ in range(2)] == [b"READY=1", b"WATCHDOG=1"]
