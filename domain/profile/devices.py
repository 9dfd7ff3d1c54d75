"""The devices on which a customer is signed in, and how their sessions are ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from db import customers, sessions
from db.engine import transaction
from domain import journal
from domain.scope import Scope
from domain.sessions import Session

# The first match counts: browsers made from Chrome name Chrome too, and Chrome names Safari.
_BROWSERS = (
    ("YaBrowser/", "Яндекс Браузер"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class Device:
    """A session as its customer sees it; `this` is the one that asks."""

    id: int
    browser: str
    system: str
    signed_in_at: datetime
    seen_at: datetime
    this: bool


async def of(scope: Scope, session: Session) -> list[Device]:
    """The devices of the customer of `session`, this session's device first."""
    assert session.customer is not None
    rows = await sessions.of_customer(session.customer, scope.now)
    devices = [
        Device(row["id"], *describe(row["user_agent"]), row["created_at"], row["seen_at"], row["id"] == session.id)
        for row in rows
    ]
    return sorted(devices, key=lambda device: (not device.this, -device.seen_at.timestamp()))


def describe(user_agent: str) -> tuple[str, str]:
    """The names of browser and operating system; empty where unknown."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in _SYSTEMS if re.search(sign, user_agent)), "")
    return browser, system


async def end_one(scope: Scope, customer: int, session: int) -> None:
    """«Выйти на этом устройстве»: end `session`, if it is this customer's."""
    async with transaction():
        await customers.lock(customer)
        if await sessions.end_of(customer, session):
            await journal.note(scope, "session-ended", customer)


async def end_others(scope: Scope, session: Session) -> None:
    """«Выйти на всех других»."""
    assert session.customer is not None
    async with transaction():
        await customers.lock(session.customer)
        await sessions.end_all(session.customer, session.id)
        await journal.note(scope, "other-sessions-ended", session.customer)
