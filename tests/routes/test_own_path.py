"""Whatever is asked for as the way on: it stays on this host, and is never a fault."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from litestar import Litestar
from litestar.datastructures import State

from db.engine import run
from routes import every_handler
from routes.own_path import address_shown, is_own_path, links_among, path_shown
from tests.browser import PASSWORD, Browser, location
from tests.faults.portal_process import running_portal
from tests.screen import is_page

HOSTILE = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\\/evil.example", "\\/evil.example",
    "https://evil.example", "http:evil.example", "//evil.example@x", "javascript:alert(1)", "evil.example", "?x", "#",
    "/%2fevil.example", "/%2f%2fevil.example", "/%5cevil.example", "/%255cevil.example", "/%25252f%25252fevil.example",
    "/.//evil.example", "/..//evil.example", "/profile/..//evil.example", "/profile/../..//evil.example",
    "/%2e%2e//evil.example", "/profile/../sign-out", "/profile/%2e%2e/sign-out", "/./profile",
    "/\r\nSet-Cookie: a=b", "/%0d%0aSet-Cookie: a=b", "/%250d%250aSet-Cookie:%20a=b", "/\nX: y", "/\rX: y", "/%0a",
    "/\x85", "/\t/evil.example", "/%09/evil.example", "/ /evil.example", "/\x00", "/%00", "/\x1b[31m", "/\x7f", "/%7f",
    "/%c2%85", "/профиль", "/profile/ф", "/\xff\xfe", "/\u2028x", "/%e2%80%a8x", "/\ud7ff", "/😀",
    "/profile/cards/confirmation/ф", "/" + "a" * 5000, "/" + "%61" * 2000, "/%25" + "25" * 900 + "2f",
    "/profile?" + "x" * 3000, "", " ", "\r\n",
]  # fmt: skip
OWN = [
    "/", "/profile", "/profile?page=2", "/profile/security/phone", "/registration/card/card#captcha",
    "/?page=2", "/profile/accounts/17/removal", "/profile?text=%D1%84%20x", "/a.b/c..d/...e",
]  # fmt: skip


def _scope(path: str, query: bytes = b"") -> Any:
    app = Litestar(state=State({"links": links_among(every_handler())}))
    return {"path": path, "query_string": query, "litestar_app": app}


@pytest.mark.parametrize("path", HOSTILE, ids=repr)
def test_what_is_no_own_path(path: str) -> None:
    assert not is_own_path(path)


@pytest.mark.parametrize("path", OWN)
def test_what_is_one(path: str) -> None:
    assert is_own_path(path)


@pytest.mark.parametrize("path", HOSTILE, ids=repr)
def test_the_address_that_a_page_repeats_is_always_one(path: str) -> None:
    assert is_own_path(path_shown(_scope(path)))
    query = path.encode("utf-8", "replace")
    assert is_own_path(address_shown(_scope(path, query)))


def test_no_token_and_no_picture_is_repeated() -> None:
    for link in ("/email/confirmation", "/registration/card/phone", "/profile/cards/confirmation"):
        for after in ("/secret", "/secret/", "/secret/more"):
            assert path_shown(_scope(link + after)) == link
    shown = address_shown(_scope("/registration/card/card", b"a=1&instead=secret&b=2"))
    assert shown == "/registration/card/card?a=1&b=2"


# --- Every place that leads on, in this process ---

Lead = Callable[[Browser, str], Awaitable[httpx.Response]]


async def _way_back(client: Browser, path: str) -> httpx.Response:
    """A page behind the sign-in is asked for, then comes the sign-in."""
    target = path.replace("\r", "%0d").replace("\n", "%0a").replace("\t", "%09").replace("\x00", "%00")
    await client.post("/sign-out")
    for behind in ("/profile/cards/confirmation/", "/profile/accounts/1/removal", "/profile"):
        answer = await client.http.request("GET", httpx.URL(f"http://127.0.0.1:8000{behind}{quote(target, safe='/%')}"))
        assert answer.status_code < 500, behind
    return await client.sign_in()


async def _confirmation(client: Browser, path: str) -> httpx.Response:
    return await client.post("/profile/security/confirmation", {"password": PASSWORD, "next": path})


async def _language(client: Browser, path: str) -> httpx.Response:
    return await client.http.get("/language/en", params={"back": path})


PLACES: dict[str, Lead] = {"way back": _way_back, "confirmation": _confirmation, "language": _language}


def stays(answer: httpx.Response) -> None:
    assert answer.status_code == 303, (answer.status_code, answer.text)
    (where,) = answer.headers.get_list("location")
    assert is_own_path(where)
    assert urlsplit(where).netloc == ""
    assert "evil" not in str(answer.headers)
    assert all(name.lower() != "x" for name in answer.headers)
    assert not [cookie for cookie in answer.headers.get_list("set-cookie") if cookie.startswith("a=")]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_every_place_stays_here_and_the_sign_in_works_afterwards(client: Browser, place: str) -> None:
    await client.register()
    for path in HOSTILE:
        stays(await PLACES[place](client, path))
    await client.post("/sign-out")
    assert location(await client.sign_in()) == "/profile"
    assert (await client.get("/profile")).status_code == 200


@pytest.mark.parametrize("path", ["/profile/cards/confirmation/%D1%84", "/profile/cards/confirmation/%0d%0aX:y"])
async def test_a_link_locks_no_sign_in(client: Browser, path: str) -> None:
    await client.register()
    await client.post("/sign-out")
    assert (await client.get(path)).status_code == 410
    stays(await client.sign_in())
    assert len(await run("SELECT id FROM sessions WHERE customer IS NOT NULL")) == 1


async def test_a_page_behind_the_sign_in_is_still_come_back_to(client: Browser) -> None:
    await client.register()
    await client.post("/sign-out")
    await client.get("/profile/accounts/new")
    assert location(await client.sign_in()) == "/profile/accounts/new"


async def test_htmx_is_told_no_foreign_address(client: Browser) -> None:
    for path in HOSTILE:
        answer = await client.htmx(f"/?{quote(path, safe='/%')}")
        assert is_own_path(answer.headers.get("hx-push-url", answer.headers.get("hx-replace-url", "/")))


# --- Over real connections: nothing is dropped, whatever the bytes ---


async def _raw(base: str, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(base).port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_real_server_answers_each_of_them(database: str, tmp_path: Path) -> None:
    async with running_portal(database, tmp_path) as portal:
        browser = portal.browser()
        assert is_page(await browser.get("/"))
        host = f"Host: {urlsplit(portal.base).netloc}\r\nConnection: close\r\n\r\n".encode()
        for path in HOSTILE:
            sent = quote(path.encode("utf-8", "replace"), safe="/%")
            for target in (f"/language/en?back={sent}", f"/profile/cards/confirmation/{sent}", f"/profile/{sent}"):
                answer = await _raw(portal.base, f"GET {target} HTTP/1.1\r\n".encode() + host)
                status = re.match(rb"HTTP/1.1 (\d+)", answer)
                assert status is not None, target
                assert int(status[1]) < 500, target
                where = re.search(rb"(?im)^location: (.*?)\r$", answer)
                assert where is None or is_own_path(where[1].decode("latin-1"))
        eight_bit = await _raw(portal.base, b"GET /language/en?back=/\xff\xfe HTTP/1.1\r\n" + host)
        assert eight_bit.startswith(b"HTTP/1.1 4")
        await browser.http.aclose()
        assert "Traceback" not in portal.log.read_text()
