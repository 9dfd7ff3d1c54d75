"""The benchmark runs and measures what it says; no figure is judged."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from domain import passwords
from routes.cli.serving import PortalServer
from routes.logs import logging_settings
from tests.bench import __main__ as bench
from tests.bench import delivery, journey_costs, throughput, where_time_goes
from tests.bench.cheap_passwords import DEAR
from tests.bench.figures import TINY, Figure, compared, table
from tests.bench.processes import cpu_seconds, memory_mib
from tests.bench.references.serving import make_server
from tests.journeys.server import ROOT


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (
            journey_costs,
            {
                "registration", "registration-first-visit", "registration-request",
                "sign-in", "sign-in-first-visit", "sign-in-by-phone",
            },
        ),
        (delivery, {"sms", "sms-p99", "sms-request", "sms-request-p99"}),
    ],
    ids=["journeys", "delivery"],
)  # fmt: skip
def test_figures_are_measured(module: Any, names: set[str]) -> None:
    assert {figure.name for figure in module.measure(TINY)} == names


def test_a_backlog_goes_out_with_the_bytes_of_the_bare_client(tmp_path: Path) -> None:
    figure, cpu = asyncio.run(throughput.of_way(throughput.WAYS[1], tmp_path, TINY))
    assert (figure.name, cpu.name, cpu.unit) == ("backlog-smpp", "cpu-smpp", "ms")
    assert figure.portal > 0
    assert figure.reference


def test_the_time_of_a_request_is_divided(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["where_time_goes", "3"])
    where_time_goes.main()
    said = capsys.readouterr().out
    assert said.count("| event loop's thread, CPU ") == 2
    assert said.count("| POST /sign-in/phone") == 1


def test_a_function_counts_as_those_that_called_it() -> None:
    template, library, tool = ("jinja2/x.py", 1, "render"), ("litestar/x.py", 1, "handle"), ("~", 0, "len")
    stats = {
        template: (1, 1, 2.0, 5.0, {}),
        library: (1, 1, 1.0, 2.0, {}),
        tool: (4, 4, 4.0, 4.0, {template: (3, 3, 3.0, 3.0), library: (1, 1, 1.0, 1.0)}),
    }
    assert where_time_goes.shares_of(stats) == {"templates": 5.0, "Litestar": 2.0}


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    figure = compared("x", "a figure", "ms", "least", [(2.0, 1.0), (9.0, 3.0), (40.0, 10.0)], "≤ 3")
    assert (figure.portal, figure.reference, figure.ratio) == (9.0, 3.0, 3.0)
    assert table([figure]).splitlines()[-1] == "| a figure | ms   | 9      | 3         | least | 3.00  | ≤ 3    |"
    assert json.loads(json.dumps(figure.as_json()))["ratio"] == 3.0


def test_single_figures_by_name_and_as_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def measured(names: list[str], scale: object) -> list[Figure]:
        asked.extend(names)
        return [Figure("page", "welcome page", "requests/s", 1000.0)]

    monkeypatch.setattr(bench, "_measured", measured)
    monkeypatch.setattr(bench, "pin_driver", lambda: "nowhere")
    monkeypatch.setattr("sys.argv", ["bench", "--folder", str(tmp_path), "--json", str(tmp_path / "f.json"), "pages"])
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    bench.main()
    assert asked == ["pages"]
    assert "| welcome page | requests/s | 1,000 " in capsys.readouterr().out
    assert json.loads((tmp_path / "f.json").read_text())["figures"][0]["portal"] == 1000.0


def test_the_references_are_served_as_the_portal() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        portal, reference = PortalServer(listening, 1, logging_settings("info", production=False)), make_server(8000)
    own = {"_listening", "target", "bind_addr", "bind_port", "log_config", "log_level"}
    differing = {
        name
        for name, value in vars(portal).items()
        if isinstance(value, bool | int | str | type(None)) and vars(reference).get(name) != value
    }
    assert differing - own == set()
    for name in ("loop", "interface", "http", "task_impl", "runtime_mode"):
        assert getattr(portal, name) == getattr(reference, name), name
    assert vars(portal.http1_settings) == vars(reference.http1_settings)


def test_references_hash_as_the_portal(dear_passwords: None) -> None:
    costs = ("time_cost", "memory_cost", "parallelism", "type")
    assert [getattr(DEAR, name) for name in costs] == [getattr(passwords._ARGON, name) for name in costs]


def test_cpu_and_memory_of_processes_are_read() -> None:
    before = cpu_seconds(os.getpid())
    sum(n * n for n in range(2_000_000))
    assert cpu_seconds(os.getpid()) > before
    assert memory_mib(os.getpid()) > 1


def test_servers_and_driver_have_cores_of_their_own(tmp_path: Path) -> None:
    """Whichever module is imported first."""
    program = (
        "from tests.bench.processes import pin_driver; print(pin_driver())\n"
        "import os, pathlib; from tests.bench import servers\n"
        f"with servers.page(pathlib.Path({str(tmp_path)!r}), 1000) as page:\n"
        "    print(sorted(os.sched_getaffinity(page.pid)), sorted(os.sched_getaffinity(0)))\n"
    )
    cores = sorted(os.sched_getaffinity(0))
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == f"{cores[:1]} {cores[-1:]}"
