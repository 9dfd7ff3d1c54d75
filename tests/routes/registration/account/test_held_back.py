"""What a customer meets while codes are held back: a picture's code, for all numbers alike, or a time."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest

from db import governor as rows
from db.engine import bound, run
from domain import governor
from domain.portal import Portal
from domain.registry.importing import import_rows
from domain.registry.kinds import kinds
from domain.sealing import Sealing
from settings import Settings
from tests.browser import ANOTHER, Browser, location, path_of
from tests.conftest import Clock, Posted, scope_of
from tests.routes.test_same_statements import Statements
from tests.screen import errors, words

CODE, CAPTCHA = path_of("code"), "24680"
Typed = dict[str, str]
Untyped = Callable[[int], Awaitable[None]]
ReadPosted = Callable[[], Awaitable[list[Posted]]]
pytestmark = pytest.mark.parametrize("changed", [{"captcha_code": CAPTCHA, "sms_governor": "on"}])
KNOWN, UNKNOWN = "+7 900 000-01-01", "+7 900 765-43-01"


@pytest.fixture
def untyped(app: object, portal: Portal, clock: Clock) -> Untyped:
    """Robots from elsewhere: so many codes that nobody has typed."""

    async def count(codes: int) -> None:
        key, hour = governor.Subject("strangers").key(scope_of(portal)), clock().replace(minute=0)
        await rows.count([rows.Addition("robots", key, hour, sent=codes)])

    return count


@pytest.fixture
def statements(app: object, monkeypatch: pytest.MonkeyPatch) -> Statements:
    recorded = Statements(bound())
    monkeypatch.setattr(bound(), "run_statement", recorded.run_statement)
    return recorded


def picture(text: str) -> str:
    found = re.search(r'name="picture" value="([^"]+)"', text)
    assert found, "no picture is shown"
    return found[1]


async def asked(browser: Browser, phone: str) -> Typed:
    """The form as it comes back with a picture."""
    answer = await browser.post(path_of("phone"), {"phone": phone, "consent": "yes"})
    assert answer.status_code == 422
    assert errors(answer) == ["Введите код с картинки"]
    return {"phone": phone, "consent": "yes", "captcha": CAPTCHA, "picture": picture(answer.text)}


async def test_a_picture_comes_before_the_sms_and_no_press_is_lost(
    client: Browser, untyped: Untyped, clock: Clock, posted: ReadPosted, portal: Portal
) -> None:
    assert "captcha" not in (await client.get(path_of("phone"))).text
    await untyped(30)
    form = await asked(client, client.phone)
    wrong = await client.post(path_of("phone"), form | {"captcha": "11111"})
    assert errors(wrong) == ["Код с картинки введен неверно"]
    assert await posted() == []
    form["picture"] = picture(wrong.text)
    for _ in range(2):
        assert location(await client.post(path_of("phone"), form)) == CODE
    assert len(await posted()) == 1
    # Another code: the picture is asked for where the phone is, which is filled in.
    clock.forward(minutes=2)
    shown = await client.follow(await client.post(CODE, ANOTHER))
    assert shown.request.url.path == path_of("phone")
    assert "Чтобы получить еще один код, введите код с картинки" in words(shown)
    assert "+7 912 345-67-89" in shown.text
    again = form | {"picture": picture(shown.text)}
    assert location(await client.post(path_of("phone"), again)) == CODE
    assert len(await posted()) == 2
    assert location(await client.submit("code")) == path_of("bill")
    found = await rows.sums([governor.Subject("portal").key(scope_of(portal))], clock() - governor.WINDOW)
    assert [(row["sent"], row["typed"], row["held"]) for row in found] == [(2, 2, 0)]


async def test_a_picture_that_is_replaced_or_beside_another_error_stays_there(
    client: Browser, untyped: Untyped
) -> None:
    await untyped(30)
    form = await asked(client, client.phone)
    answer = await client.post(path_of("phone"), form | {"consent": ""})
    assert errors(answer) == ["Подтвердите согласие на обработку персональных данных"]
    former = picture(answer.text)
    # «Другая картинка» without JavaScript: what was typed stays.
    shown = await client.post(path_of("phone"), form | {"captcha": "", "picture": former, "instead": former})
    assert shown.status_code == 200
    assert picture(shown.text) != former
    assert errors(shown) == []
    assert client.phone in shown.text
    refused = await client.post(path_of("phone"), form | {"picture": former})
    assert errors(refused) == ["Код с картинки введен неверно"]


async def test_further_below_only_known_numbers_get_it_and_nothing_shows_which(
    another_browser: Callable[..., Browser],
    untyped: Untyped,
    settings: Settings,
    clock: Clock,
    posted: ReadPosted,
    portal: Portal,
    statements: Statements,
) -> None:
    card = ["9643900000000013", "H1", "tk1002", "holder1@example.org", KNOWN]
    known_kinds = kinds(Sealing(settings.secret), settings.sms_countries, clock().date())
    await import_rows(bound(), known_kinds["cards"], enumerate([card], 1), clock())
    await untyped(45)
    # Which takes the step, so that both of those below find it taken.
    await asked(another_browser("198.51.102.7"), "+7 900 765-43-02")
    seen, taken = [], []
    for phone, ip in ((KNOWN, "198.51.100.7"), (UNKNOWN, "198.51.101.7")):
        browser = another_browser(ip, phone=phone)
        statements.seen.clear()
        form = await asked(browser, phone)
        answers = [await browser.post(path_of("phone"), form), await browser.get(CODE)]
        answers += [await browser.post(CODE, {"code": "000000"}), await browser.post(CODE, ANOTHER)]
        digits = phone[-5:]
        seen.append([(one.status_code, one.headers.get("location"), words(one).replace(digits, "")) for one in answers])
        taken.append(list(statements.seen))
    assert seen[0] == seen[1]
    assert taken[0] == taken[1]
    assert [one.to for one in await posted()] == ["+79000000101"]
    # Both networks are charged alike, and of budgets only what was sent.
    charged = await run(
        "SELECT sent FROM governor_counts WHERE subject IN ({}, {})",
        *(governor.Subject("network", f"198.51.{n}.0/24").key(scope_of(portal)) for n in (100, 101)),
    )
    assert [row["sent"] for row in charged] == [1, 1]


async def test_at_the_end_nobody_gets_one_and_is_told_when(
    client: Browser, untyped: Untyped, posted: ReadPosted
) -> None:
    await untyped(200)
    answer = await client.post(path_of("phone"), {"phone": client.phone, "consent": "yes"})
    assert errors(answer) == ["Новый код можно запросить в 15:00"]
    assert await posted() == []


async def test_what_a_customer_types_is_counted_with_every_code_sent_to_them(
    client: Browser, app: object, clock: Clock, portal: Portal
) -> None:
    await client.submit("phone")
    clock.forward(minutes=2)
    assert location(await client.post(CODE, ANOTHER)) == CODE
    await client.submit("code")
    found = await rows.sums([governor.Subject("portal").key(scope_of(portal))], clock() - governor.WINDOW)
    assert [(row["sent"], row["typed"], row["held"]) for row in found] == [(2, 2, 0)]
