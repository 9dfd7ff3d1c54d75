"""Another KABINET_SECRET beside a portal that runs: nobody notices, and in the end nothing needs the former one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

import pytest
from litestar import Litestar

from db.engine import bound, run
from db.secret_columns import HASHED, IMPORTED, PASSING, SEALED
from db.tables import TABLES
from domain import secret_rotation
from domain.installation import note_next_secret, require_secret
from domain.sealing import Sealing, _Keys
from domain.secret_rotation import rotate
from settings import Settings
from tests import holder
from tests.browser import BILL, PASSWORD, PHONE, REQUEST, Browser, location, path_of, wrong_code
from tests.conftest import SECRET, Clock, Posted
from tests.holder import PICTURE

NEXT = "the next secret of the tests, quite as long as that"
BOTH, FORMER, PRESENT = Sealing(NEXT, SECRET), Sealing(SECRET), Sealing(NEXT)
VISITOR, LOCKED = "8 900 222-33-44", "8 900 555-66-77"
HASHES = {(hashed.table, hashed.column) for hashed in HASHED}
pytestmark = pytest.mark.parametrize("changed", [{"captcha_code": PICTURE}], ids=["rotation"])


@dataclass
class Portal:
    """The portal that runs, and who is under way there."""

    app: Litestar
    browser: Callable[..., Browser]
    # Every hash that the former secret has made.
    hashes: set[str]
    links: dict[str, str] = field(default_factory=dict)

    def restart(self, with_secret: Sealing) -> None:
        self.app.state.portal = replace(self.app.state.portal, sealing=with_secret)

    async def posted(self) -> list[Posted]:
        rows = await run("SELECT message, sealed FROM outbox WHERE sealed <> '' ORDER BY id")
        read = [(row["message"], self.app.state.portal.sealing.unseal(row["sealed"])) for row in rows]
        return [Posted(name, letter["to"], letter["values"]) for name, letter in read]


@pytest.fixture
async def running(
    app: Litestar, another_browser: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Portal]:
    hashes: set[str] = set()
    made, former = _Keys.hash, FORMER._keys.header

    def recorded(keys: _Keys, kind: str, value: str) -> str:
        hashed = made(keys, kind, value)
        if keys.header == former:
            hashes.add(hashed)
        return hashed

    monkeypatch.setattr("domain.sealing._Keys.hash", recorded)
    kept = (await run("SELECT secret_hash FROM installation"))[0]["secret_hash"]
    yield Portal(app, another_browser, hashes)
    # The row stays for the next test.
    await run("UPDATE installation SET secret_hash = {}, next_secret_hash = ''", kept)


def _reading(portal: Portal, browser: Browser) -> Browser:
    async def read_code(phone: str) -> str:
        digits = "".join(filter(str.isdigit, phone))[-10:]
        sent = [p for p in await portal.posted() if p.to.endswith(digits) and "code" in p.values]
        return str(sent[-1].values["code"])

    browser.read_code = read_code
    return browser


async def _lived(portal: Portal, settings: Settings, clock: Clock) -> dict[str, Browser]:
    """Customers, visitors in the middle of something, messages and links that wait, someone locked out."""
    customer, visitor, cardholder, guesser = (
        _reading(portal, portal.browser(ip=f"203.0.113.{n}")) for n in range(1, 5)
    )
    await customer.register()
    await holder.import_card(settings, clock)
    visitor.phone = VISITOR
    await visitor.reach("code")
    code = await visitor.read_code(VISITOR)
    assert (await visitor.post(path_of("code"), {"code": wrong_code(code)})).status_code == 422
    portal.links["card"] = await holder.ask_for_link(cardholder, portal.posted)
    portal.links["email"] = await holder.newest_link(portal.posted, "email-confirmation")
    for _ in range(settings.sign_in_tries):
        await guesser.sign_in("nicht das Passwort", LOCKED)
    await customer.post("/profile/accounts/new", {**BILL, "amount": "1,00"})
    assert (await customer.post("/profile/accounts/new/connection", REQUEST)).status_code == 303
    return {"customer": customer, "visitor": visitor, "cardholder": cardholder, "guesser": guesser}


async def _all_is_well(portal: Portal) -> None:
    """What may be done again and again."""
    known = _reading(portal, portal.browser(ip="203.0.113.9"))
    assert location(await known.sign_in()) == "/profile"
    assert PHONE.removeprefix("+7 ") in (await known.open("/profile/person")).text
    for link in portal.links.values():
        assert (await known.open(link)).status_code == 200
    assert len(await run("SELECT id FROM customers")) == 1


async def _places() -> dict[tuple[str, str], set[str]]:
    """Every text of the database by its column."""
    found: dict[tuple[str, str], set[str]] = {}
    for table in TABLES:
        for row in await run(f"SELECT * FROM {table._meta.tablename}"):
            for column, value in dict(row).items():
                if isinstance(value, str) and value:
                    found.setdefault((table._meta.tablename, column), set()).add(value)
    return found


def _of_former(value: str) -> bool:
    try:
        FORMER.unseal(value)
    except ValueError:
        return False
    return True


async def _sealed_and_hashed(portal: Portal) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Columns that hold anything which the former secret has made."""
    places = await _places()
    return (
        {place for place, values in places.items() if any(map(_of_former, values))},
        {place for place, values in places.items() if any(own in value for value in values for own in portal.hashes)},
    )


async def test_customers_go_on_and_nothing_is_left_of_the_former_secret(
    running: Portal, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_rotation, "_READ", 2)
    monkeypatch.setattr(secret_rotation, "_WRITTEN", 1)
    who = await _lived(running, settings, clock)
    sealed, hashed = await _sealed_and_hashed(running)
    assert sealed <= set(SEALED)
    assert hashed <= HASHES | {*IMPORTED, *PASSING}

    running.restart(BOTH)
    await require_secret(BOTH)
    await note_next_secret(BOTH)
    await _all_is_well(running)
    # Nobody registers twice, whatever the row is hashed with.
    clock.forward(minutes=2)
    twice = _reading(running, running.browser(ip="203.0.113.20"))
    await twice.reach("code")
    assert location(await twice.submit("code")) == "/sign-in/password"

    # Killed in the middle, at any portion.
    for portions in (1, 3):
        with pytest.raises(KeyboardInterrupt):
            await rotate(bound(), BOTH, _killed_after(portions))
        await _all_is_well(running)

    rotation = await rotate(bound(), BOTH, lambda _rows: None)
    assert (rotation.unread, rotation.taken) == ({name: [] for name in rotation.unread}, rotation.unread)
    assert rotation.imports == {"cards": 1}
    sealed, hashed = await _sealed_and_hashed(running)
    assert not sealed
    assert hashed <= {*IMPORTED, *PASSING}
    await _all_is_well(running)
    # The code that was sent under the former secret, with its wrong try; the link of a card; the lock.
    assert location(await who["visitor"].submit("code")) == path_of("bill")
    assert location(await who["visitor"].post(path_of("bill"), BILL)) == path_of("address")
    assert "Превышено число попыток входа" in (await who["guesser"].sign_in("nicht das Passwort", LOCKED)).text
    await holder.give_phone(who["cardholder"], running.links.pop("card"))
    assert [p for p in await running.posted() if p.name == "card-password"]

    running.restart(PRESENT)
    assert (await who["customer"].get("/profile")).status_code == 200
    assert location(await running.browser(ip="203.0.113.30").sign_in(PASSWORD)) == "/profile"


def _killed_after(portions: int) -> Callable[[int], None]:
    seen = 0

    def progress(_rows: int) -> None:
        nonlocal seen
        seen += 1
        if seen > portions:
            raise KeyboardInterrupt

    return progress
