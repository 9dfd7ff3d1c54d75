"""The token of a link: out of the address at once, in no page, no header and no log, and two links do not mix."""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from db.engine import bound, run
from domain.registry.importing import import_rows
from domain.registry.kinds import kinds
from domain.sealing import Sealing
from settings import Settings
from tests.browser import BASE, Browser, location
from tests.conftest import Clock, Posted
from tests.screen import errors, words

Outbox = Callable[[], Awaitable[list[Posted]]]
CODE = "24680"
CARDS = [
    ["9643900000000013", "H1", "tk1001", "holder1@example.org", "+79000000101"],
    ["9643900000000021", "H2", "tk1002", "holder2@example.org", "+79000000102"],
]
INVALID = "Ссылка недействительна или уже использована"


@pytest.fixture
def changed() -> dict[str, Any]:
    return {"captcha_code": CODE, "card_tries_ip_hour": 1000}


@pytest.fixture(autouse=True)
async def _cards(client: Browser, settings: Settings, clock: Clock) -> None:
    known = kinds(Sealing(settings.secret), settings.sms_countries, clock().date())["cards"]
    await import_rows(bound(), known, enumerate(CARDS, 1), clock())


def hidden(answer: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', answer.text)
    assert found, answer.text
    return html.unescape(found[1])


async def _newest(posted: Outbox) -> str:
    return next(str(p.values["link"]) for p in reversed(await posted()) if "link" in p.values).removeprefix(BASE)


async def _email(client: Browser, posted: Outbox) -> str:
    await client.register()
    return await _newest(posted)


async def _registration(client: Browser, posted: Outbox, card: int = 0) -> str:
    page = await client.get("/registration/card/card")
    form = {"card_number": CARDS[card][0], "email": CARDS[card][3], "captcha": CODE, "picture": hidden(page, "picture")}
    assert location(await client.post("/registration/card/card", form)) == "/registration/card/sent"
    return await _newest(posted)


async def _addition(client: Browser, posted: Outbox) -> str:
    await client.register()
    form = {"card_number": CARDS[0][0], "email": CARDS[0][3]}
    assert location(await client.post("/profile/cards/new", form)) == "/profile"
    return await _newest(posted)


@dataclass(frozen=True)
class Kind:
    """How a link of this kind is come by, where it leads, and what its page says."""

    send: Callable[[Browser, Outbox], Awaitable[str]]
    path: str
    said: str


KINDS = {
    "email": Kind(_email, "/email/confirmation", "Подтвердить почту"),
    "registration": Kind(_registration, "/registration/card/phone", "Завершить регистрацию"),
    "addition": Kind(_addition, "/profile/cards/confirmation", "Добавить карту?"),
}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def says_nothing(answer: httpx.Response, token: str) -> None:
    """Neither the page nor a header holds the token."""
    for form in (token, quote(token), token[8:40]):
        assert form not in answer.text
        assert form not in str(answer.headers)


@each_kind
async def test_the_link_leads_to_an_address_without_its_token(client: Browser, posted: Outbox, kind: Kind) -> None:
    link = await kind.send(client, posted)
    token = link.rpartition("/")[2]
    assert link == f"{kind.path}/{token}"
    for method in ("HEAD", "GET", "GET"):
        answer = await client.http.request(method, link)
        assert answer.headers["location"] == kind.path
        assert answer.headers["referrer-policy"] == "no-referrer"
        cookie = next(
            one for one in answer.headers.get_list("set-cookie") if one.startswith(kind.path[1:].replace("/", "-"))
        )
        assert {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=3600"} <= {part.strip() for part in cookie.split(";")}
        says_nothing(answer, token)
    for answer in (await client.get(kind.path), await client.htmx(kind.path)):
        assert answer.status_code == 200
        assert kind.said in words(answer)
        assert answer.headers["referrer-policy"] == "same-origin"
        assert f'formaction="/language/en?back={kind.path}"' in answer.text
        says_nothing(answer, token)


@each_kind
async def test_no_answer_at_the_link_itself_repeats_the_token(client: Browser, posted: Outbox, kind: Kind) -> None:
    link = await kind.send(client, posted)
    token = link.rpartition("/")[2]
    wrong = link[:-1] + ("A" if link[-1] != "A" else "B")
    for path in (wrong, f"{wrong}?instead=x", f"{link}/more", f"{BASE}/{wrong}", f"{link}?back={link}"):
        for answer in (
            await client.get(path), await client.htmx(path), await client.post(path, {"phone": "1"}),
            await client.htmx(path, {"phone": "1"}), await client.http.request("DELETE", path),
            await client.post(path, {}, headers={"Sec-Fetch-Site": "cross-site"}),
        ):  # fmt: skip
            says_nothing(answer, token)
            says_nothing(answer, wrong.rpartition("/")[2])
            assert answer.status_code < 500
            if path.startswith(f"{kind.path}/"):
                assert answer.headers["referrer-policy"] == "no-referrer"
    refused = await client.post(link, {"phone": "1"})
    says_nothing(refused, token)


@each_kind
async def test_the_next_person_at_the_browser_finds_no_link(client: Browser, posted: Outbox, kind: Kind) -> None:
    """Its page shows an address, and its button changes something of a customer who has left."""
    link = await kind.send(client, posted)
    if client.cookie is None:
        await client.register()
    await client.open(link)
    assert location(await client.post("/sign-out")) == "/"
    shown = await client.open(kind.path)
    assert "@example.org" not in words(shown)
    assert kind.said not in words(shown)


@each_kind
async def test_an_invalid_link_says_so_at_once_and_sets_no_cookie(client: Browser, kind: Kind) -> None:
    for token in ("invented", "a" * 43, "%D1%84", "%00", "a" * 3000):
        answer = await client.get(f"{kind.path}/{token}")
        assert answer.status_code == 410
        assert INVALID in words(answer)
        assert "set-cookie" not in answer.headers


@each_kind
async def test_without_a_link_the_clean_address_says_so(
    client: Browser, another_browser: Callable[..., Browser], posted: Outbox, kind: Kind, clock: Clock
) -> None:
    link = await kind.send(client, posted)
    stranger = another_browser("192.0.2.1")
    for answer in (await stranger.get(kind.path), await stranger.post(kind.path)):
        assert answer.status_code == 410 or location(answer) == "/"
    await client.get(link)
    name = kind.path[1:].replace("/", "-")
    sealed = client.http.cookies[name]
    for others in {other.path for other in KINDS.values()} - {kind.path}:
        # What was sealed for one step is good for no other.
        answer = await client.get(others, headers={"Cookie": f"{others[1:].replace('/', '-')}={sealed}"})
        assert answer.status_code == 410 or location(answer) == "/"
    clock.forward(hours=1, seconds=1)
    assert (await client.get(kind.path)).status_code in {303, 410}


async def test_a_page_left_open_stays_good_as_long_as_its_link(client: Browser, posted: Outbox, clock: Clock) -> None:
    page = await client.open(await _registration(client, posted))
    clock.forward(hours=20)
    client.http.cookies.clear()
    form = {"link": hidden(page, "link"), "phone": "1", "captcha": CODE, "picture": ""}
    answer = await client.post("/registration/card/phone", form)
    assert (answer.status_code, errors(answer)) == (
        422,
        ["Введен некорректный номер телефона", "Код с картинки введен неверно"][:1],
    )
    clock.forward(hours=5)
    assert (await client.post("/registration/card/phone", form)).status_code == 410


async def test_of_two_links_in_two_tabs_each_button_means_its_own(client: Browser, posted: Outbox) -> None:
    first = await client.open(await _registration(client, posted))
    second = await client.open(await _registration(client, posted, card=1))
    for tab, phone in ((first, CARDS[0][4]), (second, CARDS[1][4])):
        form = {"phone": phone, "captcha": CODE, "picture": hidden(tab, "picture"), "link": hidden(tab, "link")}
        assert location(await client.post("/registration/card/phone", form)) == "/registration/card/done"
    rows = await run("SELECT login FROM customers ORDER BY id")
    assert [row["login"] for row in rows] == ["tk1001", "tk1002"]


async def test_the_button_works_with_the_cookie_alone_and_at_the_link_itself(client: Browser, posted: Outbox) -> None:
    link = await _email(client, posted)
    await client.open(link)
    assert "подтвержден" in words(await client.post("/email/confirmation"))
    assert "подтвержден" in words(await client.post(link))
    assert "подтвержден" in words(await client.open(link))


async def test_signed_out_the_card_is_added_after_the_sign_in(client: Browser, posted: Outbox) -> None:
    link = await _addition(client, posted)
    await client.post("/sign-out")
    answer = await client.get(link)
    assert location(answer) == "/"
    says_nothing(answer, link.rpartition("/")[2])
    signed_in = await client.sign_in()
    assert location(signed_in) == "/profile/cards/confirmation"
    page = await client.follow(signed_in)
    assert "•••• 0013" in words(page)
    await client.post("/sign-out")
    assert location(await client.post("/profile/cards/confirmation", {"link": hidden(page, "link")})) == "/"
    page = await client.follow(await client.sign_in())
    added = await client.post("/profile/cards/confirmation", {"link": hidden(page, "link")})
    assert location(added) == "/profile"
    assert "0013" in words(await client.get("/profile"))


async def test_what_was_invented_is_no_link(client: Browser, posted: Outbox, settings: Settings) -> None:
    await client.open(await _email(client, posted))
    sealing = Sealing(settings.secret)
    for invented in (
        "x",
        "\0",
        "ф",
        sealing.seal("x"),
        sealing.seal([1]),
        sealing.seal({}),
        sealing.seal({"token": "x"}),
    ):
        assert (await client.post("/email/confirmation", {"link": invented})).status_code == 410
        cookies = {"Cookie": f"email-confirmation={quote(invented)}"}
        assert (await client.get("/email/confirmation", headers=cookies)).status_code == 410


async def test_no_picture_is_named_in_an_address_of_a_page(client: Browser) -> None:
    page = await client.get("/registration/card/card")
    token = hidden(page, "picture")
    another = await client.get(f"/registration/card/card?instead={token}")
    assert token not in another.text
    for path in ("//evil.example", "/email/confirmation/secret", "https://evil.example", "/\r\nx"):
        piece = await client.http.get("/captcha/another", params={"instead": token, "path": path})
        assert token not in piece.text
        assert "evil" not in piece.text
        assert "secret" not in piece.text
