"""What goes wrong is told in the portal's look and in Russian, never with a trace."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from jinja2 import TemplateNotFound
from litestar import Litestar, get
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from db.engine import run
from db.unavailable import DatabaseUnavailableError
from settings import Settings
from tests.browser import PHONE, Browser, path_of
from tests.screen import is_page, words

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MEGABYTES = 10_000_000


def _is_in_the_look(answer: httpx.Response) -> bool:
    return "Traceback" not in answer.text and not re.search(r"[A-Za-z]{4,}", words(answer).replace("English", ""))


@pytest.mark.parametrize(
    ("method", "path", "status", "heading"),
    [
        ("GET", "/no-such-page", 404, "Страница не найдена"),
        ("POST", "/no-such-page", 404, "Страница не найдена"),
        ("PUT", "/", 405, "Так эту страницу открыть нельзя"),
        ("GET", "/?" + "a" * 17_000, 400, "Запрос не удалось прочитать"),
        ("POST", "/sign-in/phone/fields/nothing", 404, "Страница не найдена"),
    ],
)
async def test_a_fault_has_a_page(client: Browser, method: str, path: str, status: int, heading: str) -> None:
    answer = await client.http.request(method, path)
    assert answer.status_code == status
    assert is_page(answer)
    assert heading in words(answer)
    assert _is_in_the_look(answer)


async def test_htmx_gets_the_fault_as_a_fragment(client: Browser) -> None:
    answer = await client.htmx("/no-such-page")
    assert answer.status_code == 404
    assert not is_page(answer)
    # Back asks for the whole page.
    restored = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-History-Restore-Request": "true"}
    assert is_page(await client.http.get("/no-such-page", headers=restored))
    assert "Страница не найдена" in words(answer)
    assert answer.headers["hx-push-url"] == "false"


@pytest.mark.parametrize("path", ["/sign-in/phone", path_of("phone"), path_of("code"), path_of("address")])
@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
async def test_ten_megabytes_are_too_much(client: Browser, path: str, content_type: str) -> None:
    await client.reach("code")

    async def piecemeal() -> AsyncIterator[bytes]:
        for _ in range(MEGABYTES // 65536):
            yield b"a" * 65536

    for content in (b"a" * MEGABYTES, piecemeal()):  # the latter without Content-Length
        answer = await client.http.post(path, content=content, headers={"Content-Type": content_type})
        assert answer.status_code == 413
        assert is_page(answer)
        assert "Слишком много данных" in words(answer)


async def test_a_fault_of_ours_is_told_without_its_trace(client: Browser) -> None:
    await client.reach("code")
    await run("ALTER TABLE customers RENAME TO customers_away")
    answer = await client.post(path_of("code"), await client.form_of("code"))
    assert answer.status_code == 500
    assert "retry-after" not in answer.headers
    assert is_page(answer)
    assert _is_in_the_look(answer)
    # Nothing of the step has happened: the code is still good.
    await run("ALTER TABLE customers_away RENAME TO customers")
    assert (await client.submit("code")).headers["location"] == path_of("bill")


SECRET_VALUE = "what-was-typed"
# Where an error comes from decides, not what it is: only the engine says that the database is away.
RAISED = [
    (DatabaseUnavailableError("ConnectionRefusedError: refused"), 503),
    (TemplateNotFound(SECRET_VALUE), 500),
    (FileNotFoundError(2, "No such file", SECRET_VALUE), 500),
    (OSError(SECRET_VALUE), 500),
    (TimeoutError(SECRET_VALUE), 500),
    (ConnectionRefusedError(SECRET_VALUE), 500),
    (sqlite3.OperationalError(SECRET_VALUE), 500),
    (asyncpg.InterfaceError(SECRET_VALUE), 500),
    (asyncpg.CannotConnectNowError(SECRET_VALUE), 500),
    (KeyError(SECRET_VALUE), 500),
    (ValueError(SECRET_VALUE), 500),
    (RuntimeError(SECRET_VALUE), 500),
    (HTTPException(SECRET_VALUE, status_code=503, headers={"Retry-After": "5"}), 503),
    (HTTPException(SECRET_VALUE, status_code=502), 500),
    (HTTPException(SECRET_VALUE, status_code=408), 400),
]


# Settings of its own, and so an app of its own, as it gets another route.
@pytest.mark.parametrize("changed", [{"body_bytes": 60_000}], ids=["app of its own"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_only_the_engine_says_that_the_database_is_away(
    app: Litestar, client: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    @get("/raises/{token:str}")
    async def raises(token: FromPath[str]) -> None:
        try:
            raise KeyError(token)
        except KeyError:
            raise error  # noqa: B904 - what was being handled is told too

    app.register(raises)
    caplog.set_level(logging.INFO)
    for error, status in RAISED:
        caplog.clear()
        answer = await client.get(f"/raises/{SECRET_VALUE}")
        assert answer.status_code == status, error
        assert ("retry-after" in answer.headers) == (status == 503)
        assert is_page(answer)
        assert _is_in_the_look(answer)
        # One line of the fault and one of the request, found by the same id; neither quotes anything.
        faults = [record for record in caplog.records if record.name == "kabinet.faults"]
        (access,) = [record for record in caplog.records if record.name == "kabinet.access"]
        assert len(faults) == (1 if status >= 500 else 0)
        for fault in faults:
            assert vars(fault)["request"] == vars(access)["request"] != "-"
            assert fault.exc_info is None
            assert "\n" not in fault.getMessage()
            assert f"GET /raises/{{token}} {status}: " in fault.getMessage()
            assert type(error).__name__ in fault.getMessage() or isinstance(error, DatabaseUnavailableError)
        assert SECRET_VALUE not in caplog.text


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_a_database_that_goes_away_is_told_as_such(client: Browser, settings: Settings) -> None:
    await client.reach("code")
    other = await asyncpg.connect(settings.database)
    async with other.transaction():
        await other.execute("SELECT * FROM one_time_codes FOR UPDATE")
        waiting = asyncio.create_task(client.post(path_of("code"), await client.form_of("code")))
        while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            pass
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        answer = await waiting
    await other.close()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
    assert is_page(answer)
    assert "временно недоступен" in words(answer)
    assert (await client.submit("code")).headers["location"] == path_of("bill")


async def test_a_read_that_has_no_session_writes_nothing(client: Browser) -> None:
    for path in ("/", "/sign-in/phone", path_of("phone"), path_of("bill"), "/profile", "/terms", "/registration"):
        answer = await client.get(path, headers={"Cookie": "kabinet=invented"})
        assert answer.status_code in {200, 303}
    assert await run("SELECT 1 FROM sessions") == []


async def test_the_phone_of_a_fault_page_is_no_dead_end(client: Browser) -> None:
    answer = await client.get("/no-such-page")
    assert 'href="/"' in answer.text
    assert (await client.post("/sign-in/phone", {"phone": PHONE})).status_code == 303
