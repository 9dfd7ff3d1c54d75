"""What requests leave in a real server's memory."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from tests.browser import headers_of_a_browser
from tests.faults.portal_process import running_portal

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_MB = 1024


def _resident(process: int) -> int:
    """kB (proc(5))."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found is not None
    return int(found[1])


async def _flood(http: httpx.AsyncClient, first: int, times: int) -> None:
    """Long forms, queries and cookies, each of another content; some at once, as an answer takes 40 ms to be sent."""

    async def send(n: int) -> None:
        text = f"{n:06d}"
        form = f"phone={text * 5000}&login={text * 2500}&password={text * 2500}".encode()
        assert len(form) < 65536
        path = ("/sign-in/login", "/registration/account/phone")[n % 2]
        await http.post(path, content=form, headers=_FORM)
        if n % 2:
            await http.get(f"/registration/account/phone?x={text * 2500}")
            await http.get("/", headers={"Cookie": f"kabinet={text * 600}; other={text * 1500}"})
            await http.get(f"/email/confirmation/{text * 600}")

    for n in range(first, first + times, 10):
        await asyncio.gather(*map(send, range(n, n + 10)))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_long_requests_are_not_kept(database: str, tmp_path: Path) -> None:
    async with running_portal(database, tmp_path, KABINET_LOG_LEVEL="info", KABINET_DELIVERY="separate") as portal:
        http = httpx.AsyncClient(base_url=portal.base, headers=headers_of_a_browser(), timeout=30)
        await _flood(http, 0, 20)  # modules, templates and the stacks of threads come with the first requests
        before = _resident(portal.workers()[0])
        await _flood(http, 20, 600)
        after = _resident(portal.workers()[0])
        await http.aclose()
    print(f"resident before {before // _MB} MB, after {after // _MB} MB")  # noqa: T201 - the figure is what is asked for
    assert after - before < 60 * _MB


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_hashing_a_password_leaves_its_memory(database: str, tmp_path: Path) -> None:
    """19 MiB for each hash, in each of the threads that hash."""
    async with running_portal(database, tmp_path, KABINET_DELIVERY="separate") as portal:
        http = httpx.AsyncClient(base_url=portal.base, headers=headers_of_a_browser(), timeout=30)

        async def sign_in(n: int) -> None:
            await http.post("/sign-in/login", data={"login": f"nobody{n}", "password": "Qwerty12345"})

        await http.get("/sign-in/login")
        before = _resident(portal.workers()[0])
        for n in range(0, 12, 2):
            await asyncio.gather(sign_in(n), sign_in(n + 1))
        after = _resident(portal.workers()[0])
        await http.aclose()
    assert after - before < 20 * _MB
