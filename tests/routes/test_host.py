"""Which hosts are served, and to whom the pages for development exist."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar import Litestar

from app import create_app
from routes.host import read_host
from settings import Settings
from tests.asgi import HOST, OURS, Answer, ask
from tests.routes.test_headers import PRODUCTION

OWN = "kabinet.example.org"
MALFORMED = [
    "x:99999", "x:65536", "x:0", "x:-1", "x:1e3", "x:٣", "x:", ":80", "", " ", "[", "]", "[]", "[::1", "::1", "[::g]",
    "a/b", "a?b", "a#b", "a@b", "user:pass@x", "a b", "a,b", "a\tb", "ф", "\xff", "%41", "a" * 254, "x:80:80", "a\\b",
    "[::1]x", "[::1]:99999", "*", "x:8000 ", "'", '"', "<b>", "x;y", "$(x)", "{x}", "x:000080", "x:8" + "0" * 20,
]  # fmt: skip
# Written otherwise, and still a name and a port.
ODD = ["x", "X:80", "x.", "x_y", "127.0.0.1:1", "[::1]", "[::1]:65535", "localhost:8000", "1", "x:00080"]


@pytest.mark.parametrize("host", MALFORMED, ids=repr)
def test_what_is_no_host(host: str) -> None:
    assert read_host(host) is None


@pytest.mark.parametrize("host", ODD)
def test_what_is_one(host: str) -> None:
    assert read_host(host) is not None


async def _ask(app: Litestar, path: str, *hosts: str, **more: Any) -> Answer:
    headers = [OURS, *((b"host", host.encode("utf-8")) for host in hosts)]
    return await ask(app, more.pop("method", "GET"), path, headers=[*headers, *more.pop("headers", [])], **more)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_no_host_is_a_fault(app: Litestar) -> None:
    paths = ("/", "/profile", "/no-such-page", "/static/nothing", "/registration/account/phone", "/dev", "/health/live")
    for path in paths:
        for method in ("GET", "HEAD", "POST", "OPTIONS", "NONSENSE"):
            for host in MALFORMED:
                answer = await _ask(app, path, host, method=method)
                assert answer.status == 400 or read_host(host), (path, method, host, answer.status)
            for hosts in [*([odd] for odd in ODD), [], ["x", "x"]]:
                assert (await _ask(app, path, *hosts, method=method)).status < 500, (path, method, hosts)
            assert (await _ask(app, path, "x", "y", method=method)).status == 400
    refused = await _ask(app, "/", "x:99999")
    assert "Запрос не удалось прочитать" in refused.body.decode()
    assert "default-src 'none'" in refused.one(b"content-security-policy")


@contextlib.asynccontextmanager
async def _portal(settings: Settings, **changed: Any) -> AsyncIterator[Litestar]:
    made = Settings(_env_file=None, database=settings.database, secret=settings.secret, migrate="off", **changed)  # type: ignore[call-arg]
    app = create_app(made)
    async with app.lifespan():
        yield app


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_in_production_only_the_own_host_is_served(settings: Settings) -> None:
    foreign = [
        "evil.example", "127.0.0.1:8000", "127.0.0.1", "localhost", f"{OWN}.evil.example", f"evil.{OWN}", f"{OWN}.",
        f"{OWN}:80", f"{OWN}:8000", "example.org", "[::1]",
    ]  # fmt: skip
    async with _portal(settings, **PRODUCTION) as app:
        for path in ("/", "/profile", "/sign-in/phone", "/no-such-page", "/static/nothing", "/dev"):
            for hosts in [*([host] for host in foreign), [], [OWN, "evil.example"]]:
                for forwarded in ([], [(b"x-forwarded-host", OWN.encode()), (b"forwarded", f"host={OWN}".encode())]):
                    answer = await _ask(app, path, *hosts, headers=forwarded)
                    assert answer.status == 400, (path, hosts)
            for host in (OWN, OWN.upper(), f"{OWN}:443"):
                assert (await _ask(app, path, host)).status != 400, (path, host)
            # Whatever a header of a proxy says, it changes nothing.
            assert (await _ask(app, path, OWN, headers=[(b"x-forwarded-host", b"evil.example")])).status != 400
        for path in ("/health/live", "/health/ready"):
            assert (await _ask(app, path, "10.1.2.3:8000")).status == 200


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_port_of_the_public_address_is_part_of_it(settings: Settings) -> None:
    async with _portal(settings, **{**PRODUCTION, "public_url": "https://[2001:DB8::1]:8443"}) as app:
        assert (await _ask(app, "/", "[2001:db8::1]:8443")).status == 200
        assert (await _ask(app, "/", "[2001:db8::1]")).status == 400


# --- /dev ---

DEV = (
    "/dev",
    "/dev/",
    "/dev/outbox",
    "/dev/gallery",
    "/dev/gallery/state?fragment=fault&number=0",
    "//dev",
    "/dev//outbox",
)
GATEWAY = {"sms": "http+kannel://u:p@127.0.0.1:1/s"}
MAIL = {"mail": "smtp://u:p@127.0.0.1:1", "mail_from": "a@example.org", "staff_email": "b@example.org"}


async def _seen(app: Litestar, **more: Any) -> set[int]:
    host = more.pop("host", "127.0.0.1:8000")
    return {(await _ask(app, path, host, **more)).status for path in DEV}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_development_is_seen_from_this_machine(settings: Settings) -> None:
    async with _portal(settings, delivery="separate") as app:
        for host in ("127.0.0.1:8000", "localhost:8000", "[::1]:8000", "LOCALHOST", "127.1.2.3"):
            for peer in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
                assert await _seen(app, host=host, client=(peer, 1)) == {200}, (host, peer)
        local = [(b"x-forwarded-for", b"127.0.0.1")]
        assert await _seen(app, headers=local) == {200}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("trusted", ["", "127.0.0.1,10.0.0.0/8"])
async def test_development_exists_for_nobody_else(settings: Settings, trusted: str) -> None:
    async with _portal(settings, delivery="separate", trusted_proxies=trusted) as app:
        for host in (
            "kabinet.example.org",
            "evil.example",
            "192.168.1.5:8000",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
        ):
            assert await _seen(app, host=host) == {404}, host
        for peer in (("203.0.113.7", 1), ("10.0.0.1", 1), ("", 1), ("localhost.evil", 1), None):
            assert await _seen(app, client=peer) == {404}, peer
        for name, said in (
            (b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-for", b"127.0.0.1, 203.0.113.7"),
            (b"x-forwarded-for", b"203.0.113.7, 127.0.0.1"), (b"x-forwarded-for", b"nonsense"),
            (b"x-real-ip", b"203.0.113.7"), (b"forwarded", b"for=203.0.113.7"),
            (b"x-forwarded-host", b"kabinet.example.org"),
        ):  # fmt: skip
            assert await _seen(app, headers=[(name, said)]) == {404}, (name, said)
        for method in ("POST", "OPTIONS", "DELETE", "HEAD"):
            assert await _seen(app, method=method, host="evil.example") == {404}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("real", [GATEWAY, MAIL, {**GATEWAY, **MAIL}], ids=["sms", "mail", "both"])
async def test_development_does_not_exist_where_anything_real_is_sent(settings: Settings, real: dict[str, str]) -> None:
    async with _portal(settings, delivery="separate", **real) as app:
        assert await _seen(app) == {404}
        assert (await ask(app, "GET", "/", headers=(HOST,))).status == 200
