"""Whatever a client sends, no answer is a fault: paths, methods, headers and bodies, some thousand of them together."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from litestar import Litestar

from routes.own_path import is_own_path
from tests.asgi import FORM, HOST, OURS, Answer, Headers, ask
from tests.browser import PHONE, Browser

METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT", "NONSENSE", "get", "")
VALUES = (
    "0", "1", "-1", "+1", "1_0", "٣", "9" * 19, "9223372036854775808", "9" * 400, "1e9", "NaN", "%00", "%D1%84",
    "%ff", "..", "%2e%2e%2f", "a" * 3000, "%0d%0aX:y", "{x}", "'", '"><b>', "en", "phone", "gAAAAA", "//", "%5c",
    "\ufdfa", "?", ";",
)  # fmt: skip
QUERIES = (
    "", "back=//evil.example", "instead=%00&path=%0d", "next=/%5cevil", "session=lost", "x" * 9000, "&" * 40,
    "&" * 5000, "%", "%zz=%ff", "=", "a=1&a=2", "email=sent&account=%F0%9F%98%80", "card=<script>", "\xff",
    "fragment=fault&number=9" + "9" * 30, "fragment=../../x&number=0", "number=-1&fragment=fault",
    "width=x&language=%00",
)  # fmt: skip
HEADERS: tuple[Headers, ...] = (
    (), (FORM,), ((b"content-type", b"multipart/form-data"),),
    ((b"content-type", b"multipart/form-data; boundary=x"),), ((b"content-type", b"application/json"),),
    ((b"content-type", b"\xff;;=;"),), ((b"content-type", b""),),
    ((b"content-type", b"application/x-www-form-urlencoded; charset=utf-7"),),
    ((b"content-type", b"a/b; x=\"" + b"\\" * 99),), ((b"content-length", b"99999999999999999999"), FORM),
    ((b"content-length", b"-1"), FORM), ((b"content-length", b"x"), FORM), ((b"accept-language", b"en;q=9," * 900),),
    ((b"accept-language", b"\xff"),), ((b"accept-encoding", b"br;q=x, \xff"),), ((b"accept-encoding", b"gzip"),),
    ((b"accept", b"\xff/\xff"),), ((b"cookie", b"=;;=\xff; kabinet=" + b"a" * 300),),
    ((b"cookie", b"kabinet=\"\\\\\"; return-to=%00; language=\x00"),),
    ((b"cookie", b"return-to=gAAAAAB; notice=gAAAAAB; email-confirmation=\xff"),),
    ((b"cookie", b"a" * 9000), (b"cookie", b"b" * 9000)),
    ((b"hx-request-type", b"partial"), (b"hx-current-url", b"\xff//?#")),
    ((b"hx-request-type", b"partial"), (b"hx-history-restore-request", b"true")),
    ((b"x-forwarded-for", b"\xff, ,,1.1.1.1"),), ((b"user-agent", b"\xff" * 900),), ((b"user-agent", b"\x00"),),
    ((b"range", b"bytes=9-1,-0,\xff"),), ((b"if-modified-since", b"\xff"), (b"if-none-match", b"*")),
    ((b"sec-fetch-site", b"\xff"),), ((b"origin", b"\xff://"),), ((b"expect", b"100-continue"),),
    ((b"transfer-encoding", b"chunked"),), ((b"x-http-method-override", b"DELETE"),),
)  # fmt: skip
BODIES = (
    b"", b"\x00", b"\xff" * 999, b"{", b"null", b"--x\r\n\r\n--x--", b"a=%00&b=%ff&" * 9, b"&" * 60_000,
    b"=" * 60_000, b"a" * 70_000,
)  # fmt: skip
# What fields are filled with: texts, numbers of all sizes, what databases and templates cannot take.
TEXTS = (
    "", " ", "\x00", "a\x00b", "\ud7ff\ue000", "\ufffd", "😀" * 200, "1" * 60, "-1", "1e99", "9" * 19, "0,00",
    "99999999999,99", "٣٤", "2036-13", "0000-00", "31.02.0000", "01.01.0001", "29.02.2000", "+7" + "9" * 15, PHONE,
    "a@b.ru", "a@" + "é." * 60 + "ru", "'; DROP TABLE customers --", "{{ 7*7 }}", "<script>", "\u202e", "a\r\nb",
    "//evil", "/profile\r\nx:y", "gAAAAAB", "ß" * 90, "\u0300" * 300, "anna@\u2488.com", "a@[127.0.0.1]",
    '"a b"@c.ru', "Ⅷ", "ǆ" * 40, "İ" * 40, "yes", "no",
)  # fmt: skip
FIELDS = (
    "phone", "consent", "code", "period", "account_number", "amount", "answer", "last_name", "first_name",
    "patronymic", "birth_date", "email", "password", "remember", "login", "card_number", "captcha", "picture", "link",
    "next", "address", "comment",
)  # fmt: skip


def _with(path: str, value: str) -> str:
    """The path with `value` in the place of each parameter."""
    return re.sub(r"\{[^}]+\}", value.replace("\\", r"\\"), path)


def _paths(app: Litestar) -> list[str]:
    """Every route, and what lies beside it."""
    found = {route.path for route in app.routes} | {
        "/no-such-page",
        "//",
        "/static/x.css",
        "/static/../app.py",
        "*",
        "",
    }
    plain = [path for path in found if "{" not in path]
    filled = [_with(path, value) for path in found if "{" in path for value in VALUES]
    beside = [f"{path}{more}" for path in plain for more in ("/", "/x", "//", "/%00", ";x", "/..", "/" + "9" * 30)]
    return sorted({*plain, *filled, *beside})


def _is_well(answer: Answer, asked: Sequence[object]) -> None:
    assert answer.status < 500, asked
    for name, value in answer.headers:
        assert b"\r" not in value, asked
        assert b"\n" not in value, asked
        assert name == name.lower(), asked
    for where in answer.all(b"location"):
        assert is_own_path(where), asked
    if 300 <= answer.status < 400:
        assert answer.body == b"", asked
        assert answer.all(b"content-type") == [], asked
    told = answer.status in {400, 403, 404, 405, 413, 429} and asked[0] != "HEAD"
    # The files are another program's (servestatic).
    if told and not str(asked[1]).startswith("/static"):
        # In the look: never a bare status, never JSON.
        assert answer.one(b"content-type").startswith("text/html"), asked
        assert "default-src 'none'" in answer.one(b"content-security-policy"), asked
    assert b"Traceback" not in answer.body, asked
    assert b"evil.example" not in answer.one(b"location").encode(), asked


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_every_path_by_every_method(app: Litestar) -> None:
    asked = 0
    for path, method in product(_paths(app), METHODS):
        _is_well(await ask(app, method, path, headers=(HOST, OURS, FORM)), (method, path))
        asked += 1
    assert asked > 4000


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_every_route_with_every_query_header_and_body(app: Litestar) -> None:
    for path in sorted({_with(route.path, "x") for route in app.routes}):
        for query in QUERIES:
            _is_well(await ask(app, "GET", f"{path}?{query}", headers=(HOST,)), ("GET", path, query))
        for headers in HEADERS:
            for method in ("GET", "POST"):
                _is_well(await ask(app, method, path, headers=(HOST, OURS, *headers)), (method, path, headers))
        for body in BODIES:
            _is_well(await ask(app, "POST", path, headers=(HOST, OURS, FORM), body=body), ("POST", path, body[:20]))


def _forms(chance: random.Random, number: int) -> list[bytes]:
    """Forms of several fields, each of any text: the same ones in every run."""
    forms = []
    for _ in range(number):
        fields = chance.sample(FIELDS, chance.randint(3, len(FIELDS)))
        forms.append("&".join(f"{name}={quote(chance.choice(TEXTS))}" for name in fields).encode())
    return forms


def _posts(app: Litestar) -> list[str]:
    paths = []
    for route in app.routes:
        handlers: list[Any] = getattr(route, "route_handlers", [])
        if any("POST" in getattr(handler, "http_methods", ()) for handler in handlers):
            paths += [_with(route.path, value) for value in ("x", "17", "phone", "email")]
    return sorted(set(paths))


@pytest.mark.parametrize("state", ["nobody", "registering", "customer"])
async def test_every_form_with_anything_in_it(app: Litestar, client: Browser, state: str) -> None:
    """On both databases, which refuse different things: NUL, lone surrogates, numbers out of range."""
    if state != "nobody":
        await client.reach("bill" if state == "registering" else "password")
    if state == "customer":
        await client.submit("password")
    chance = random.Random(20_361_115)
    for path in _posts(app):
        if path == "/sign-out" or path.startswith(("/profile/deletion", "/profile/withdrawal")):
            continue
        for body in _forms(chance, 6):
            cookie = f"kabinet={client.cookie or ''}".encode()
            headers = (
                HOST,
                OURS,
                FORM,
                (b"cookie", cookie),
                (b"hx-request-type", chance.choice((b"partial", b"full"))),
            )
            _is_well(await ask(app, "POST", path, headers=headers, body=body), ("POST", path, body))
    # It is all still there.
    assert (await client.get("/")).status_code in {200, 303}


async def test_every_field_of_the_steps_with_each_text(client: Browser) -> None:
    """One field at a time, the others right: what passes one check meets the next."""
    for path, right in (
        ("/sign-in/phone", {"phone": PHONE}),
        ("/sign-in/login", {"login": "tk1001", "password": "x"}),
        (
            "/registration/card/card",
            {"card_number": "9643900000000013", "email": "a@b.ru", "captcha": "1", "picture": "x"},
        ),
        ("/registration/account/phone", {"phone": PHONE, "consent": "yes"}),
    ):
        for name in right:
            for text in TEXTS:
                answer = await client.post(path, {**right, name: text})
                assert answer.status_code in {303, 422, 429}, (path, name, text)
