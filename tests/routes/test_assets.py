"""Static files under hashed names: kept for ever, compressed once, never outside their folder."""

from __future__ import annotations

import re

import pytest

from routes.design import STATIC
from tests.browser import Browser

database_is_no_matter = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def paths(client: Browser) -> list[str]:
    return re.findall(r'(?:src|href)="(/static/[^"]+)"', (await client.get("/")).text)


@database_is_no_matter
async def test_every_file_of_a_page_is_kept_for_ever_and_compressed(client: Browser) -> None:
    found = await paths(client)
    assert {path.rpartition(".")[2] for path in found} == {"css", "js", "svg"}
    for path in found:
        assert re.search(r"\.[0-9a-f]{12}\.", path)
        answer = await client.get(path, headers={"Accept-Encoding": "br"})
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "br"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        again = await client.get(path, headers={"Accept-Encoding": "br", "If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == answer.headers["etag"]
        head = await client.http.head(path, headers={"Accept-Encoding": "br"})
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == answer.headers["content-length"]


@database_is_no_matter
@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, *;q=0.5", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.0, gzip;q=0", None),
        ("br; q=0.1", "br"),
        ("identity", None),
        ("", None),
        ("deflate, brotli, gzipped", None),
    ],
)
async def test_the_encoding_is_one_that_the_browser_takes(client: Browser, accepted: str, encoding: str | None) -> None:
    path = next(path for path in await paths(client) if path.endswith(".css"))
    answer = await client.get(path, headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    # As it was written, but for what is for designers alone.
    written = re.sub(r"/\*.*?\*/", "", (STATIC / "portal.css").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert "/*" not in answer.text
    assert "".join(answer.text.split()) == "".join(written.split())
    assert "accept-encoding" in answer.headers["vary"].lower()
    # A copy in one encoding is not confirmed by the name of another.
    other = (await client.get(path, headers={"Accept-Encoding": "br" if encoding != "br" else "gzip"})).headers["etag"]
    again = await client.get(path, headers={"Accept-Encoding": accepted, "If-None-Match": other})
    assert again.status_code == 200


@database_is_no_matter
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_files_are_only_read(client: Browser, method: str) -> None:
    answer = await client.http.request(method, (await paths(client))[0])
    assert answer.status_code == 405


@database_is_no_matter
@pytest.mark.parametrize(
    "path",
    [
        "/static/..%2fsettings.py",
        "/static/%2e%2e/settings.py",
        "/static//etc/passwd",
        "/static/portal.css",
        "/static/%00",
    ],
)
async def test_nothing_else_is_served(client: Browser, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert "KABINET" not in answer.text


@database_is_no_matter
async def test_the_first_visit_is_small(client: Browser) -> None:
    page = await client.get("/", headers={"Accept-Encoding": "br"})
    sizes = {"/": int(page.headers["content-length"])}
    for path in await paths(client):
        answer = await client.get(path, headers={"Accept-Encoding": "br"})
        sizes[path] = int(answer.headers["content-length"])
    assert sum(sizes.values()) <= 45_000
    assert sum(size for path, size in sizes.items() if path == "/" or path.endswith(".css")) < 14_000
