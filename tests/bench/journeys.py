"""A registration by account and a sign-in, as the driver walks them: at the portal and at **least**."""

from __future__ import annotations

import gzip
import re
import sqlite3
from collections.abc import Callable

from domain.sealing import Sealing
from tests.bench import seed
from tests.bench.cheap_passwords import PASSWORD
from tests.bench.driver import Visitor, visitor
from tests.bench.servers import SECRET

_PERSON = {
    "last_name": "Щербакова", "first_name": "Мария", "patronymic": "Сергеевна",
    "birth_date": "05.03.1984", "email": "maria@example.org",
}  # fmt: skip
# Numbers that no customer of seed.py has.
_FIRST_NEW_PHONE = 500_000_000
_STATIC = re.compile(r'(?:href|src)="(/static/[^"]+)"')
# The newest code that was sent to a phone.
ReadCode = Callable[[str], str]
# More than are sent between a customer's request and the look-up.
_NEWEST = 50


def steps(place: int) -> list[tuple[str, dict[str, str] | None]]:
    """Every step of the registration in turn, and what is typed there; None is the code of the SMS."""
    return [
        ("phone", {"phone": seed.phone(_FIRST_NEW_PHONE + place), "consent": "yes"}),
        ("code", None),
        ("bill", {"period": seed.period(), "account_number": seed.account_number(place), "amount": seed.AMOUNT}),
        ("address", {"answer": "yes"}),
        ("person", {**_PERSON, "email": f"maria{place}@example.org"}),
        ("password", {"password": PASSWORD}),
    ]


async def register_at_portal(customer: Visitor, place: int, read_code: ReadCode) -> None:
    """Thirteen requests: the first page, and for every step its POST and the page that it leads to."""
    await customer.get("/registration/account/phone")
    for slug, form in steps(place):
        sent = form or {"code": read_code(seed.phone(_FIRST_NEW_PHONE + place))}
        answer = await customer.post(f"/registration/account/{slug}", sent)
        await customer.get(answer.location)
    assert answer.location == "/profile", answer.location


async def register_at_least(customer: Visitor, place: int, read_code: ReadCode) -> None:
    """Seven requests."""
    await customer.get("/registration")
    for slug, form in steps(place):
        sent = form or {"code": read_code(seed.phone(_FIRST_NEW_PHONE + place))}
        await customer.post(f"/{slug}", sent, status=200)


async def sign_in_at_portal(customer: Visitor, place: int) -> None:
    """Page, POST and profile: by login, where both are on one page."""
    await customer.get("/sign-in/login")
    answer = await customer.post("/sign-in/login", {"login": seed.login(place), "password": PASSWORD})
    assert answer.location == "/profile", answer.location
    await customer.get("/profile")


async def sign_in_by_phone_at_portal(customer: Visitor, place: int) -> None:
    """Five requests: the number, the password, the profile."""
    await customer.get("/")
    await customer.post("/sign-in/phone", {"phone": seed.phone(place % seed.SIGNING_IN)})
    await customer.get("/sign-in/password")
    answer = await customer.post("/sign-in/password", {"password": PASSWORD})
    assert answer.location == "/profile", answer.location
    await customer.get("/profile")


async def sign_in_at_least(customer: Visitor, place: int) -> None:
    await customer.get("/sign-in")
    await customer.post("/sign-in", {"login": seed.login(place), "password": PASSWORD})
    await customer.get("/profile")


async def static_files(port: int) -> list[str]:
    """What a browser fetches with its first page and keeps."""
    first = await visitor(port)
    answer = await first.connection.ask(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    first.connection.close()
    body = gzip.decompress(answer.body) if answer.body.startswith(b"\x1f\x8b") else answer.body
    found = list(dict.fromkeys(_STATIC.findall(body.decode())))
    assert found, "the welcome page names no files"
    return found


def code_at_portal(database: str) -> ReadCode:
    """From the outbox, which is sealed. SQLite only."""
    sealing = Sealing(SECRET)
    connection = sqlite3.connect(database.removeprefix("sqlite:"), timeout=10)

    def read(phone: str) -> str:
        newest = "SELECT sealed FROM outbox WHERE kind = 'sms' ORDER BY id DESC LIMIT ?"
        messages = (sealing.unseal(sealed) for (sealed,) in connection.execute(newest, [_NEWEST]).fetchall())
        return next(str(message["values"]["code"]) for message in messages if message["to"] == phone)

    return read


def code_at_least(database: str) -> ReadCode:
    connection = sqlite3.connect(database, timeout=10)

    def read(phone: str) -> str:
        newest = "SELECT text FROM outbox WHERE receiver = ? ORDER BY id DESC LIMIT 1"
        return str(connection.execute(newest, [phone]).fetchone()[0])

    return read
