"""Pages that are made once for all visitors: the same for all, nobody's own among them, forgotten after an edit."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from litestar import Litestar

from routes import every_handler
from routes.compression import offered
from routes.kept_pages import KeptPages
from routes.sources import Sources
from tests.asgi import HOST, OURS, Answer, ask
from tests.browser import PASSWORD, PHONE, Browser, location
from tests.conftest import Clock

MakeBrowser = Callable[..., Browser]
KEPT = sorted(path for handler in every_handler() if handler.opt.get("same_for_visitors") for path in handler.paths)
BOTH = pytest.mark.parametrize("changed", [{"tracks": ("account", "card")}])


def _kept(app: Litestar) -> dict[Any, Any]:
    pages: dict[Any, Any] = app.kept._pages  # type: ignore[attr-defined]
    return pages


@pytest.fixture(autouse=True)
def _forgotten(app: Litestar) -> None:
    """The app is the one of the test before."""
    _kept(app).clear()


def test_the_pages_are_those() -> None:
    assert {"/", "/sign-in/phone", "/sign-in/login", "/registration", "/registration/account/phone"} < set(KEPT)
    assert "{" not in "".join(KEPT)


@BOTH
@pytest.mark.parametrize("path", KEPT)
async def test_a_page_is_made_once_and_is_what_any_visitor_would_have_got(
    another_browser: MakeBrowser, app: Litestar, clock: Clock, path: str
) -> None:
    first = await another_browser("203.0.113.1").get(path)
    assert first.status_code == 200
    made = first.text
    for ip, agent in (("203.0.113.2", "Firefox"), ("198.51.100.7", "a reader of screens")):
        clock.forward(days=40)
        again = await another_browser(ip).get(path, headers={"User-Agent": agent})
        assert (again.text, again.headers["etag"]) == (made, first.headers["etag"])
        _kept(app).clear()
        anew = await another_browser(ip).get(path, headers={"User-Agent": agent})
        assert (anew.text, anew.headers) == (made, first.headers)
    assert "set-cookie" not in first.headers


async def test_the_browser_is_told_that_its_page_still_holds(app: Litestar) -> None:
    first = await _asked(app, "/")
    assert first.status == 200
    known = (b"if-none-match", first.one(b"etag").encode())
    again = await _asked(app, "/", known)
    assert (again.status, again.body) == (304, b"")
    assert again.one(b"etag") == first.one(b"etag")
    assert again.one(b"content-security-policy") == first.one(b"content-security-policy")
    assert not again.all(b"content-length")
    # In another language or encoding it is another page.
    for other in ((b"accept-language", b"en"), (b"accept-encoding", b"gzip")):
        assert (await _asked(app, "/", known, other)).status == 200


async def _asked(app: Litestar, path: str, *headers: tuple[bytes, bytes], method: str = "GET") -> Answer:
    return await ask(app, method, path, headers=(HOST, OURS, *headers))


async def test_each_encoding_has_its_own(app: Litestar) -> None:
    answers = [await _asked(app, "/", (b"accept-encoding", b)) for b in (b"br", b"gzip", b"", b"br;q=0, gzip", b"zstd")]
    assert [answer.one(b"content-encoding") for answer in answers] == ["br", "gzip", "", "gzip", ""]
    assert len({answer.one(b"etag") for answer in answers}) == 3
    for answer in answers:
        assert int(answer.one(b"content-length")) == len(answer.body)
    bare = await _asked(app, "/", (b"accept-encoding", b"br"), method="HEAD")
    assert (bare.status, bare.body, bare.one(b"etag")) == (200, b"", answers[0].one(b"etag"))


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("br", "br"), ("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("BR;Q=0.5", "br"),
        ("br;q=0.0, gzip", "gzip"), ("", ""),
        ("identity", ""), ("*", ""), ("brotli", ""), ("br;q=0", ""),
    ],
)  # fmt: skip
def test_an_encoding_is_one_that_the_browser_has_named(accepted: str, encoding: str) -> None:
    assert offered(accepted) == encoding


@pytest.mark.parametrize(
    "header",
    [
        (b"cookie", b"kabinet=something"), (b"cookie", b"notice=x"), (b"cookie", b"return-to=x"),
        (b"cookie", b"other=1"), (b"hx-request", b"true"), (b"hx-request-type", b"partial"),
        (b"hx-current-url", b"http://127.0.0.1:8000/terms"),
    ],
)  # fmt: skip
async def test_a_request_that_brings_anything_else_gets_a_page_of_its_own(
    app: Litestar, header: tuple[bytes, bytes]
) -> None:
    answer = await _asked(app, "/sign-in/phone", header)
    assert answer.status == 200
    assert answer.one(b"cache-control") == "no-store"
    assert not answer.all(b"etag")
    assert _kept(app) == {}


async def test_a_query_is_not_kept(app: Litestar, client: Browser) -> None:
    await client.get("/sign-in/phone?anything=1")
    assert _kept(app) == {}


async def test_what_is_told_or_typed_is_told_to_nobody_else(client: Browser, another_browser: MakeBrowser) -> None:
    await client.post("/sign-in/phone", {"phone": PHONE})
    assert PHONE[-5:] in (await client.get("/sign-in/phone")).text
    await client.register()
    await client.sign_in()
    left = await client.post("/sign-out")
    for browser in (another_browser("203.0.113.2"), client, another_browser("203.0.113.3")):
        assert PHONE[-5:] not in (await browser.get(location(left))).text


async def test_nobody_sees_anything_of_another_under_load(another_browser: MakeBrowser) -> None:
    """Customers and visitors at once, on every page that is kept and on one that is a customer's own."""
    customers = [another_browser(f"198.51.100.{n}", phone=f"+7 912 345-67-{n:02d}") for n in range(6)]
    for customer in customers:
        await customer.register()
        await customer.sign_in(PASSWORD)
    visitors = [another_browser(f"203.0.113.{n}") for n in range(6)]

    async def look(browser: Browser) -> list[str]:
        seen = []
        for path in (*KEPT, "/profile"):
            answer = await browser.get(path)
            seen.append(answer.text)
            if answer.status_code == 303:
                seen.append((await browser.get(location(answer))).text)
        return seen

    for _ in range(3):
        pages = await asyncio.gather(*(look(browser) for browser in [*customers, *visitors]))
        for n, seen in enumerate(pages):
            for place, customer in enumerate(customers):
                own = n == place
                assert any(customer.phone[-5:] in page for page in seen) is own


def test_a_page_made_of_what_was_before_an_edit_is_not_kept() -> None:
    """The edit came while the page was made, and another request has asked for the version since."""

    class Edited:
        version = 1

    sources = Edited()
    pages = KeptPages(every_handler(), cast(Sources, sources), production=False)
    asked = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    begun = pages.key_of(asked, "ru")
    assert begun is not None
    sources.version = 2
    meanwhile = pages.key_of(asked, "ru")
    assert meanwhile is not None
    assert pages.find(meanwhile) is None
    assert pages.keep(begun, "welcome", 200, [], b"as it was") is None
    assert pages.find(meanwhile) is None
    assert pages.keep(meanwhile, "welcome", 200, [], b"as it is") is not None
    assert pages.find(meanwhile) is not None


def test_an_edit_is_seen_with_the_next_question(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("one")
    watched, still = Sources((tmp_path,), watch=True), Sources((tmp_path,), watch=False)
    seen = [watched.version]
    assert watched.version == seen[0]
    for act in (
        lambda: (tmp_path / "page.html").write_text("two"),
        lambda: (tmp_path / "new").mkdir(),
        lambda: (tmp_path / "new" / "deep.html").write_text("three"),
        lambda: (tmp_path / "new" / "deep.html").rename(tmp_path / "moved.html"),
        lambda: (tmp_path / "moved.html").unlink(),
    ):
        act()
        seen.append(watched.version)
        assert watched.version == seen[-1]
    assert len(set(seen)) == len(seen)
    assert still.version == 0


def test_where_the_system_tells_nothing_times_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routes.sources._watching", lambda _folders: None)
    file = tmp_path / "page.html"
    file.write_text("one")
    sources = Sources((tmp_path,), watch=True)
    before = sources.version
    assert sources.version == before
    file.write_text("two")
    os.utime(file, ns=(1, 1))
    assert sources.version != before


def test_each_of_several_workers_sees_an_edit(tmp_path: Path) -> None:
    """They are forked from the process that has made the app."""
    page = tmp_path / "page.html"
    page.write_text("one")
    sources = Sources((tmp_path,), watch=True)
    context = multiprocessing.get_context("fork")
    workers = []
    for _ in range(2):
        ours, theirs = context.Pipe()
        worker = context.Process(target=_tell_versions, args=(sources, theirs), daemon=True)
        worker.start()
        workers.append((worker, ours))
    before = [_version_of(ours) for _, ours in workers]
    page.write_text("two")
    seen = [_version_of(ours) for _, ours in workers]
    assert [_version_of(ours) for _, ours in workers] == seen
    for worker, ours in workers:
        ours.send(False)
        worker.join()
    assert [old != new for old, new in zip(before, seen, strict=True)] == [True, True]


def _tell_versions(sources: Sources, asking: Any) -> None:
    while asking.recv():
        asking.send(sources.version)


def _version_of(worker: Any) -> int:
    worker.send(True)
    version: int = worker.recv()
    return version
