"""**least**: raw ASGI, sqlite3 in the event loop, Jinja and Argon2, and nothing that is not needed.

The least code that does the seven requests of a registration by account (a page and six POSTs, each answered by the
next page) and the three of a sign-in (page, POST, profile). Every POST that keeps something is one commit, as durable
as the portal's. No limits, no encryption, no languages, no journal.
`python -m tests.bench.references.least PORT BYTES DATABASE cheap|dear`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl

from argon2 import PasswordHasher
from jinja2 import Environment

from tests.bench.cheap_passwords import CHEAP, DEAR
from tests.bench.references.serving import serve
from tests.bench.references.templates import page_source

SCHEMA = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS customers (
        id INTEGER PRIMARY KEY, phone TEXT UNIQUE, login TEXT UNIQUE, password_hash TEXT, person TEXT
    );
    CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY, number TEXT UNIQUE, address TEXT);
    CREATE TABLE IF NOT EXISTS bills (account INTEGER, period TEXT, kopecks INTEGER, UNIQUE (account, period));
    CREATE TABLE IF NOT EXISTS customer_accounts (customer INTEGER, account INTEGER, UNIQUE (customer, account));
    CREATE TABLE IF NOT EXISTS sessions (token_hash TEXT PRIMARY KEY, customer INTEGER, progress TEXT);
    CREATE TABLE IF NOT EXISTS codes (phone TEXT PRIMARY KEY, code TEXT);
    CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY, receiver TEXT, text TEXT);
"""
_FIELDS = {
    "phone": ["phone", "consent"], "code": ["code"], "bill": ["period", "account_number", "amount"],
    "address": ["answer"], "password": ["password"], "login": ["login", "password"],
    "person": ["last_name", "first_name", "patronymic", "birth_date", "email"],
}  # fmt: skip
Form = dict[str, str]


class Answer:
    def __init__(self, status: int, html: str = "", cookie: str = "", location: str = "") -> None:
        self.status, self.body = status, html.encode()
        self.headers = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", str(len(self.body)).encode()),
        ]
        if cookie:
            self.headers.append((b"set-cookie", f"session={cookie}; HttpOnly; Path=/; SameSite=Lax".encode()))
        if location:
            self.headers.append((b"location", location.encode()))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Least:
    """The application; `database` is the path of its file."""

    def __init__(self, size: int, database: str, passwords: PasswordHasher) -> None:
        self._page = Environment(autoescape=True).from_string(page_source(size))
        self._path, self._passwords = database, passwords
        self._routes: dict[tuple[str, str], Callable[[Form, str], Awaitable[Answer]]] = {
            ("GET", "/"): self.sign_in_page,
            ("GET", "/registration"): self.registration,
            ("POST", "/phone"): self.phone,
            ("POST", "/code"): self.code,
            ("POST", "/bill"): self.bill,
            ("POST", "/address"): self.address,
            ("POST", "/person"): self.person,
            ("POST", "/password"): self.password,
            ("GET", "/sign-in"): self.sign_in_page,
            ("POST", "/sign-in"): self.sign_in,
            ("GET", "/profile"): self.profile,
        }

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        form, token = {}, ""
        if scope["method"] == "POST":
            body, more = b"", True
            while more:
                message = await receive()
                body, more = body + message["body"], message.get("more_body", False)
            form = dict(parse_qsl(body.decode()))
        for name, value in scope["headers"]:
            if name == b"cookie":
                token = value.decode().partition("session=")[2].partition(";")[0]
        answer = await self._routes[scope["method"], scope["path"]](form, token)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _live(self, receive: Any, send: Any) -> None:
        # What a fork must not share: the connection and the threads.
        assert (await receive())["type"] == "lifespan.startup"
        self._database = sqlite3.connect(self._path, isolation_level=None)
        self._database.executescript(SCHEMA)
        self._threads = ThreadPoolExecutor()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._database.close()
        await send({"type": "lifespan.shutdown.complete"})

    # --- Sessions and pages ---

    def show(self, step: str, rows: Sequence[Any] = ()) -> str:
        fields = _FIELDS.get(step, [])
        return self._page.render(title=step, action=f"/{step}", fields=fields, rows=rows, button="Далее")

    def known(self, token: str) -> dict[str, Any]:
        found = self._one("SELECT progress FROM sessions WHERE token_hash = ?", _hash(token))
        known: dict[str, Any] = json.loads(found[0])
        return known

    def keep(self, token: str, known: dict[str, Any]) -> None:
        self._run("UPDATE sessions SET progress = ? WHERE token_hash = ?", json.dumps(known), _hash(token))

    def begin(self, customer: int | None, known: dict[str, Any]) -> str:
        token = secrets.token_urlsafe(32)
        self._run("INSERT INTO sessions VALUES (?, ?, ?)", _hash(token), customer, json.dumps(known))
        return token

    def _run(self, sql: str, *values: Any) -> sqlite3.Cursor:
        return self._database.execute(sql, values)

    def _one(self, sql: str, *values: Any) -> Any:
        found = self._run(sql, *values).fetchone()
        assert found is not None, sql
        return found

    # --- Registration ---

    async def registration(self, form: Form, token: str) -> Answer:
        return Answer(200, self.show("phone"))

    async def phone(self, form: Form, token: str) -> Answer:
        assert form["consent"] == "yes"
        code = f"{secrets.randbelow(10**6):06d}"
        self._run("BEGIN IMMEDIATE")
        self._run("INSERT OR REPLACE INTO codes VALUES (?, ?)", form["phone"], _hash(code))
        self._run("INSERT INTO outbox (receiver, text) VALUES (?, ?)", form["phone"], code)
        token = self.begin(None, {"phone": form["phone"]})
        self._run("COMMIT")
        return Answer(200, self.show("code"), cookie=token)

    async def code(self, form: Form, token: str) -> Answer:
        self._run("BEGIN IMMEDIATE")
        known = self.known(token)
        used = self._run("DELETE FROM codes WHERE phone = ? AND code = ?", known["phone"], _hash(form["code"]))
        assert used.rowcount == 1
        self.keep(token, {**known, "proved": True})
        self._run("COMMIT")
        return Answer(200, self.show("bill"))

    async def bill(self, form: Form, token: str) -> Answer:
        self._run("BEGIN IMMEDIATE")
        known = self.known(token)
        account, address, kopecks = self._one(
            "SELECT accounts.id, address, kopecks FROM accounts JOIN bills ON account = accounts.id"
            " WHERE number = ? AND period = ?",
            form["account_number"], form["period"],
        )  # fmt: skip
        assert known["proved"]
        assert kopecks == int(form["amount"].replace(",", ""))
        self.keep(token, {**known, "account": account})
        self._run("COMMIT")
        return Answer(200, self.show("address", rows=[address]))

    async def address(self, form: Form, token: str) -> Answer:
        self._run("BEGIN IMMEDIATE")
        self.keep(token, {**self.known(token), "address": form["answer"] == "yes"})
        self._run("COMMIT")
        return Answer(200, self.show("person"))

    async def person(self, form: Form, token: str) -> Answer:
        self._run("BEGIN IMMEDIATE")
        self.keep(token, {**self.known(token), "person": form})
        self._run("COMMIT")
        return Answer(200, self.show("password"))

    async def password(self, form: Form, token: str) -> Answer:
        hashed = await self._in_thread(self._passwords.hash, form["password"])
        self._run("BEGIN IMMEDIATE")
        known = self.known(token)
        assert known["address"]
        customer = self._run(
            "INSERT INTO customers (phone, password_hash, person) VALUES (?, ?, ?)",
            known["phone"], hashed, json.dumps(known["person"]),
        ).lastrowid  # fmt: skip
        self._run("INSERT INTO customer_accounts VALUES (?, ?)", customer, known["account"])
        self._run("INSERT INTO outbox (receiver, text) VALUES (?, 'confirm')", known["person"]["email"])
        self._run("DELETE FROM sessions WHERE token_hash = ?", _hash(token))
        token = self.begin(customer, {})
        self._run("COMMIT")
        return Answer(200, self._profile_of(token), cookie=token)

    # --- Sign-in ---

    async def sign_in_page(self, form: Form, token: str) -> Answer:
        return Answer(200, self.show("login"))

    async def sign_in(self, form: Form, token: str) -> Answer:
        customer, hashed = self._one("SELECT id, password_hash FROM customers WHERE login = ?", form["login"])
        await self._in_thread(self._passwords.verify, hashed, form["password"])
        self._run("BEGIN IMMEDIATE")
        token = self.begin(customer, {})
        self._run("COMMIT")
        return Answer(303, cookie=token, location="/profile")

    async def profile(self, form: Form, token: str) -> Answer:
        return Answer(200, self._profile_of(token))

    def _profile_of(self, token: str) -> str:
        customer, person = self._one(
            "SELECT customers.id, person FROM sessions JOIN customers ON customers.id = customer WHERE token_hash = ?",
            _hash(token),
        )
        bills = self._run(
            "SELECT number, address, period, kopecks FROM customer_accounts"
            " JOIN accounts ON accounts.id = customer_accounts.account"
            " JOIN bills ON bills.account = accounts.id WHERE customer = ?", customer,
        ).fetchall()  # fmt: skip
        return self.show("profile", rows=[json.loads(person)["last_name"], *bills])

    async def _in_thread(self, work: Callable[..., Any], *arguments: str) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


if __name__ == "__main__":
    port, size, database, cost = sys.argv[1:]
    serve(Least(int(size), database, CHEAP if cost == "cheap" else DEAR), int(port))
