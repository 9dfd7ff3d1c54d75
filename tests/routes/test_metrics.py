"""What is measured, and that dashboard and alerts ask for what there is."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from db import governor, imports, installation
from db.engine import Engine, run
from domain.metrics import look
from routes.metrics import served_metrics
from settings import Settings, SettingsError, read_settings
from tests.browser import PHONE, Browser, path_of
from tests.conftest import NOW
from tests.faults.portal_process import running_portal

DEPLOY = Path(__file__).parents[2] / "deploy"
_ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
# What Prometheus and its queries add by themselves.
_ADDED_LABELS = {"instance", "job", "le"}


def _measured() -> dict[str, set[str]]:
    """The labels of every series that the portal makes, by its name."""
    found = {}
    for metric in {*REGISTRY._names_to_collectors.values()}:
        if isinstance(metric, MetricWrapperBase) and metric._name.startswith("kabinet_"):
            for ending in _ENDINGS[str(metric._type)]:
                found[metric._name + ending] = {*metric._labelnames}
    return found


def _queries() -> Iterator[str]:
    dashboard = json.loads((DEPLOY / "grafana/kabinet.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    rules = yaml.safe_load((DEPLOY / "prometheus/kabinet.rules.yml").read_text(encoding="utf-8"))
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"warning", "critical"}
        yield rule["expr"]


def test_dashboard_and_alerts_ask_for_what_is_measured() -> None:
    measured, asked = _measured(), set()
    for query in _queries():
        names = re.findall(r"\bkabinet_\w+", query)
        asked |= {*names}
        assert [name for name in names if name not in measured] == [], query
        labels = _ADDED_LABELS.union(*(measured[name] for name in names))
        named = {label.strip() for some in re.findall(r"\bby \(([^)]*)\)", query) for label in some.split(",")}
        named |= {label for some in re.findall(r"\{([^}]*)\}", query) for label in re.findall(r"(\w+)\s*[=!]", some)}
        assert named <= labels, query
    # Of a histogram one of its series is enough.
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in measured} == families


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_requests_steps_sign_ins_and_limits_are_counted(client: Browser) -> None:
    def figures() -> list[float]:
        answered = {"route": path_of("phone"), "method": "POST"}
        return [
            _value("kabinet_requests_total", **answered, status="303"),
            _value("kabinet_requests_total", **answered, status="422"),
            _value("kabinet_requests_total", route="-", method="other", status="404"),
            _value("kabinet_request_seconds_count", route=path_of("phone")),
            _sum("kabinet_journey_steps_total", step="phone"),
            _value("kabinet_sign_ins_total", outcome="wrong"),
            _value("kabinet_sign_ins_total", outcome="locked"),
            _sum("kabinet_throttled_total"),
        ]

    before = figures()
    await client.submit("phone")
    await client.post(path_of("phone"), {"phone": "1"})
    await client.http.request("BREW", "/nowhere")
    for _ in range(6):
        await client.post("/sign-in/login", {"login": "nobody", "password": "not this one"})
    requests, refused, made_up, timed, steps, wrong, locked, throttled = (
        now - then for now, then in zip(figures(), before, strict=True)
    )
    assert (requests, refused, made_up, timed) == (1, 1, 1, 2)
    assert steps >= 1
    assert (wrong, locked) == (4, 2)
    assert throttled >= 1


def _sum(name: str, **labels: str) -> float:
    """Of all series that have these labels, and perhaps others."""
    samples = (sample for family in REGISTRY.collect() for sample in family.samples if sample.name == name)
    return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


async def test_the_database_is_asked_for_messages_and_the_backup(engine: Engine) -> None:
    await installation.keep_secret_hash("x" * 64)
    await look(NOW)
    assert _value("kabinet_messages_waiting", kind="sms") == _value("kabinet_backup_timestamp_seconds") == 0
    for seconds in (50, 20):
        then = NOW - timedelta(seconds=seconds)
        await run(
            "INSERT INTO outbox (kind, message, sealed, state, gateway, past, last_choice, created_at, next_at,"
            " expires_at, gateway_id_hash, reason) VALUES ('sms', 'x', 'x', 'waiting', '', '', '', {}, {}, {}, '', '')",
            then, then, NOW,
        )  # fmt: skip
    await installation.note_backup(NOW - timedelta(hours=3))
    await look(NOW)
    assert _value("kabinet_messages_waiting", kind="sms") == 2
    assert _value("kabinet_message_oldest_seconds", kind="sms") == 50
    assert _value("kabinet_messages_waiting", kind="email") == 0
    assert _value("kabinet_message_oldest_seconds", kind="email") == 0
    assert _value("kabinet_backup_timestamp_seconds") == (NOW - timedelta(hours=3)).timestamp()


async def test_the_newest_import_of_each_kind_is_told_but_not_one_that_was_refused(engine: Engine) -> None:
    counts = {"added": 1, "changed": 0, "unchanged": 0, "removed": 0, "skipped": 0}
    for kind, hours, done in (("bills", 50, True), ("bills", 20, True), ("bills", 2, False), ("cards", 7, True)):
        at = NOW - timedelta(hours=hours)
        await imports.add({"at": at, "kind": kind, "who": "a", "file": "b", "sha256": "c", "done": done, **counts})  # type: ignore[typeddict-item]
    await look(NOW)
    assert _value("kabinet_import_timestamp_seconds", kind="bills") == (NOW - timedelta(hours=20)).timestamp()
    assert _value("kabinet_import_timestamp_seconds", kind="cards") == (NOW - timedelta(hours=7)).timestamp()


async def test_of_the_governors_steps_the_highest_of_each_kind_is_measured(engine: Engine) -> None:
    for key, kind, step in (("a", "network", 1), ("b", "network", 3), ("c", "network", 0), ("d", "range", 2)):
        await governor.change(key, kind, key, 0, step, NOW)
    await look(NOW)
    kinds = ("portal", "range", "strangers", "network")
    assert [_value("kabinet_governor_step", subject=kind) for kind in kinds] == [0, 2, 0, 3]
    # Over again.
    await governor.change("b", "network", "b", 3, 0, NOW)
    await look(NOW)
    assert _value("kabinet_governor_step", subject="network") == 1
    await governor.change("a", "network", "a", 1, 0, NOW)
    await governor.change("d", "range", "d", 2, 0, NOW)
    await look(NOW)
    assert [_value("kabinet_governor_step", subject=kind) for kind in kinds] == [0, 0, 0, 0]


@pytest.fixture
def port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def test_every_process_has_a_port_of_its_own_and_none_is_on_the_portals(
    database: str, tmp_path: Path, port: int
) -> None:
    async with running_portal(database, tmp_path, 2, KABINET_METRICS=f"127.0.0.1:{port}") as portal:
        browser = portal.browser()
        for _ in range(20):
            await browser.get("/sign-in/phone")
        assert (await browser.get("/metrics")).status_code == 404
        told = []
        async with httpx.AsyncClient() as monitor:
            for each in (port, port + 1):
                told.append((await monitor.get(f"http://127.0.0.1:{each}/metrics")).text)
        await browser.http.aclose()
    asked = re.compile(r'^kabinet_requests_total\{[^}]*route="/sign-in/phone"[^}]*\} (\S+)$', re.MULTILINE)
    assert sum(float(value) for text in told for value in asked.findall(text)) == 20
    assert PHONE not in "".join(told)
    assert ('kabinet_database_connections{state="used"}' in told[0]) == database.startswith("postgres")


def test_it_is_served_only_where_it_is_asked_for(settings: Settings, port: int) -> None:
    with served_metrics(settings):
        pass
    with served_metrics(settings.model_copy(update={"metrics": f"127.0.0.1:{port}"})):
        assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/")
    with pytest.raises(SystemExit), served_metrics(settings.model_copy(update={"metrics": "192.0.2.1:9100"})):
        pass


@pytest.mark.parametrize("wrong", ["9100", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "a b:9100", ":9100"])
def test_a_wrong_address_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KABINET_METRICS", wrong)
    with pytest.raises(SettingsError, match="KABINET_METRICS: write host and port"):
        read_settings()
