"""Static files under hashed names: kept for ever, compressed once, never outside their folder."""

from __future__ import annotations

import re

import pytest

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
        again = await client.get(path, headers={"If-None-Match": answer.headers.get("etag", "")})
        assert again.status_code in {200, 304}


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
