"""One line for each request: enough to find it again, nothing that is a secret or a person."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from routes.access_log import client_network
from routes.logs import WithRequest, logging_settings
from settings import Settings
from tests.browser import PHONE, Browser
from tests.conftest import SECRET

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
LINE = re.compile(r"[A-Z]{1,10} (/\S*|-) \d{3} \d+\.\d ms \S+/(24|64)")


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.INFO)
    return lambda: [record.getMessage() for record in caplog.records if record.name == "kabinet.access"]


async def test_each_request_has_its_line_and_its_id(
    client: Browser, lines: Callable[[], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    await client.get("/")
    await client.post("/sign-in/phone", {"phone": PHONE})
    await client.post("/sign-in/phone", {"phone": "1"})
    await client.http.request("HEAD", "/terms")
    assert [re.sub(r"\d+\.\d ms", "", line) for line in lines()] == [
        "GET / 200  203.0.113.0/24",
        "POST /sign-in/phone 303  203.0.113.0/24",
        "POST /sign-in/phone 422  203.0.113.0/24",
        "HEAD /terms 200  203.0.113.0/24",
    ]
    ids = [vars(record)["request"] for record in caplog.records if record.name == "kabinet.access"]
    assert len(set(ids)) == 4
    assert all(re.fullmatch("[0-9]{12}", one) for one in ids)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/email/confirmation/a-secret-token", "/email/confirmation/{token}"),
        ("/registration/card/phone/a-secret-token", "/registration/card/phone/{token}"),
        ("/a-secret-token", "-"),
        ("/a-secret-token/%0aGET", "-"),
        ("/static/a-secret-token", "/static"),
        ("/?code=a-secret-token", "/"),
    ],
)
async def test_no_path_and_no_query_is_in_it(
    client: Browser, lines: Callable[[], list[str]], caplog: pytest.LogCaptureFixture, path: str, route: str
) -> None:
    await client.get(path, headers={"X-Forwarded-For": "a-secret-token", "User-Agent": "a-secret-token"})
    (line,) = lines()
    assert LINE.fullmatch(line)
    assert line.split()[1] == route
    assert "secret" not in caplog.text


async def test_an_invented_method_forges_no_line(client: Browser, lines: Callable[[], list[str]]) -> None:
    await client.http.request("GET" + "X" * 200, "/")
    (line,) = lines()
    assert LINE.fullmatch(line)


async def test_probes_are_not_logged(client: Browser, lines: Callable[[], list[str]]) -> None:
    for path in ("/health/live", "/health/ready"):
        await client.get(path)
    assert lines() == []


@pytest.mark.parametrize("changed", [{"trusted_proxies": "10.0.0.0/8"}])
@pytest.mark.parametrize(
    ("peer", "forwarded", "network"),
    [
        ("203.0.113.77", "", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.77", "", "203.0.113.0/24"),
        ("10.1.2.3", "198.51.100.9", "198.51.100.0/24"),
        ("203.0.113.77", "198.51.100.9", "203.0.113.0/24"),
        ("10.1.2.3", "2001:db8:1:2::9, 10.5.5.5", "2001:db8:1:2::/64"),
    ],
)
def test_the_network_is_the_clients(settings: Settings, peer: str, forwarded: str, network: str) -> None:
    scope = {"client": (peer, 1), "headers": [(b"x-forwarded-for", forwarded.encode())]}
    assert client_network(scope, settings) == network
    assert SECRET not in network


# --- In production a line is a JSON object ---


def _objects(level: str = "debug") -> tuple[logging.Handler, io.StringIO]:
    config = logging_settings(level, production=True)
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(config["formatters"]["standard"]["()"]())
    handler.addFilter(WithRequest())
    return handler, handler.stream


@contextlib.contextmanager
def written_as_objects() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    handler, stream = _objects()
    logger = logging.getLogger("kabinet")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


async def test_a_line_of_production_is_an_object(client: Browser) -> None:
    with written_as_objects() as objects:
        await client.get("/")
        (line,) = objects()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert re.fullmatch("[0-9]{12}", line.pop("request"))
    assert isinstance(line.pop("ms"), float)
    assert line == {
        "level": "info", "logger": "kabinet.access", "method": "GET", "route": "/", "status": 200,
        "network": "203.0.113.0/24",
    }  # fmt: skip


async def test_the_code_on_a_page_of_a_fault_is_the_one_in_the_log(client: Browser) -> None:
    with written_as_objects() as objects:
        page = await client.get("/nowhere")
        (line,) = objects()
    shown = re.search(r'Код обращения: <span class="whole">([0-9]{12})</span>', page.text)
    assert shown is not None
    assert shown[1] == line["request"]


def test_no_text_of_an_exception_is_in_an_object(database: str) -> None:
    with written_as_objects() as objects:
        try:
            raise KeyError("Иванова")
        except KeyError:
            logging.getLogger("kabinet.anything").exception("it broke in %s", "two\nlines")
        (line,) = objects()
    assert line["event"] == "it broke in two\nlines"
    assert line["fault"].startswith("KeyError at ")
    assert "Иванова" not in str(line)
