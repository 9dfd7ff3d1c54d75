"""What comes in is read by us, within limits, and is forgotten with its request."""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from litestar import Litestar

from routes.incoming import MOST_FIELDS, UncachedRequest, cookies_of, fields_of
from tests.asgi import FORM, HOST, OURS, ask
from tests.browser import Browser, path_of
from tests.screen import is_page, words

ROOT = Path(__file__).parents[2]
SECRET = "a-secret-that-stands-nowhere-else"


def _scope(*cookies: bytes) -> Any:
    return {"type": "http", "path": "/", "headers": [(b"cookie", cookie) for cookie in cookies]}


def test_fields_are_read_as_browsers_write_them() -> None:
    assert fields_of(b"a=1&b=%D1%84+%2B&c=&d&a=2&=x&&%61%3d=%3D") == {
        "a": "1", "b": "ф +", "c": "", "d": "", "a=": "=",
    }  # fmt: skip
    assert fields_of(b"") == {}
    assert fields_of("a=ф".encode()) == {"a": "ф"}
    assert fields_of(b"a=%ff%&b=%zz") == {"a": "\ufffd%", "b": "%zz"}
    assert fields_of(b"a" * 101 + b"=1") == {}


def test_nothing_behind_the_last_field_is_looked_at() -> None:
    assert len(fields_of(b"&".join(b"%d=" % n for n in range(MOST_FIELDS)))) == MOST_FIELDS
    assert len(fields_of(b"&".join(b"%d=" % n for n in range(10 * MOST_FIELDS)))) == MOST_FIELDS
    assert fields_of(b"&" * MOST_FIELDS + b"phone=1") == {}


def test_cookies_are_read_from_every_header() -> None:
    assert cookies_of(_scope(b'a=1; b="x=="; a=2', b"c = 3;d;=e; f=%41")) == {
        "a": "2", "b": "x==", "c": "3", "": "e", "f": "%41",
    }  # fmt: skip
    assert cookies_of(_scope(b"\xff=\xfe;;;=")) == {"ÿ": "þ", "": ""}
    assert cookies_of(_scope()) == {}


async def test_what_is_too_long_is_told_in_the_look(client: Browser) -> None:
    for answer in (
        await client.get("/" + "a" * 5000),
        await client.get("/?" + "a" * 20_000),
        await client.get("/", headers={"Cookie": "a=" + "b" * 20_000}),
    ):
        assert answer.status_code == 400
        assert is_page(answer)
        assert "Запрос не удалось прочитать" in words(answer)
    assert (await client.get("/")).status_code == 200


async def test_a_body_in_pieces_is_counted_while_it_comes(client: Browser) -> None:
    read = 0

    async def endless() -> Any:
        nonlocal read
        while True:
            read += 1
            assert read < 100, "it is read to its end, which it does not have"
            yield b"a" * 8192

    answer = await client.http.post("/sign-in/phone", content=endless(), headers={"Content-Type": FORM[1].decode()})
    assert answer.status_code == 413
    assert "Слишком много данных" in words(answer)


# --- Nothing is kept ---


def _caches() -> Iterator[Any]:
    """Every lru_cache of the process, ours and the libraries'."""
    gc.collect()
    yield from (found for found in gc.get_objects() if isinstance(found, functools._lru_cache_wrapper))


def _holds(cache: Any, wanted: str) -> bool:
    """Whether any of its keys or values says it, three objects deep."""
    layer: list[Any] = [cache]
    for _ in range(4):
        layer = [held for one in layer for held in gc.get_referents(one) if not callable(held)]
        for held in layer:
            text = held.decode("latin-1") if isinstance(held, bytes) else held
            if isinstance(text, str) and wanted in text:
                return True
    return False


async def test_nothing_of_a_request_is_kept_in_a_cache(app: Litestar) -> None:
    await ask(app, "GET", "/")
    sizes = {id(cache): cache.cache_info().currsize for cache in _caches() if cache.__module__.startswith("litestar")}
    for n in range(3):
        secret = f"{SECRET}{n}"
        cookies = (b"cookie", f"kabinet={secret}; return-to={secret}; language=en".encode())
        htmx = (b"hx-current-url", f"http://127.0.0.1:8000/{secret}".encode()), (b"hx-request-type", b"partial")
        body = f"phone={secret}&password={secret}&login={secret}&link={secret}".encode()
        for path in ("/sign-in/login", "/sign-in/password", path_of("phone"), f"/email/confirmation/{secret}"):
            answer = await ask(app, "POST", path, headers=(HOST, OURS, FORM, cookies, *htmx), body=body)
            assert answer.status in {200, 303, 410, 422}
        for path in ("/?x=", "/language/en?back=/", "/email/confirmation/", "/captcha/another?path=/", "/no-such/"):
            for link in (path, "/profile/cards/confirmation/", "/registration/card/phone/", "/profile/accounts/"):
                assert (await ask(app, "GET", link + secret, headers=(HOST, cookies))).status < 500
    for cache in _caches():
        assert not _holds(cache, SECRET), f"{cache.__module__}.{cache.__qualname__}"
        if cache.__module__.startswith("litestar"):
            grown = cache.cache_info().currsize - sizes.get(id(cache), 0)
            assert grown == 0, f"{cache.__module__}.{cache.__qualname__}"


def test_the_search_finds_what_is_kept() -> None:
    @functools.lru_cache
    def keep(text: bytes) -> dict[str, str]:
        return {"password": text.decode()}

    keep(SECRET.encode())
    assert any(_holds(cache, SECRET) for cache in _caches())


def test_every_request_is_one_that_keeps_nothing(app: Litestar) -> None:
    assert app.request_class is UncachedRequest


def test_no_handler_asks_litestar_for_a_query_or_a_form() -> None:
    for path in sorted((ROOT / "routes").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        for asking in ("FromQuery", "FromCookie", "FromHeader", ".form()", "Body(", ":int}", "FromPath[int]"):
            assert asking not in source, f"{path.name}: {asking}"
