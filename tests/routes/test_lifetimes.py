"""Every lifetime that is printed: the truth, in words that read, whatever the operator has set."""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.engine import bound
from domain.delivery.messages import MESSAGES
from domain.registry.importing import import_rows
from domain.registry.kinds import kinds
from domain.sealing import Sealing
from routes.catalogue import use_language
from routes.design import TEMPLATES
from routes.formatting import lasting
from routes.message_texts import MessageTexts
from settings import Settings
from tests.browser import PHONE, STEPS, Browser, path_of
from tests.conftest import Clock, Posted
from tests.languages import LANGUAGES
from tests.screen import words

CODE = "24680"
CARD = {"card_number": "9643900000000013", "email": "holder1@example.org"}
BOUND_PHONE = "+79000000101"
# Every setting that is printed, and what it reads like.
LIFETIMES = ("code_lifetime", "email_link_lifetime", "card_link_lifetime", "sms_password_lifetime")
PRINTED = {
    30: ("30 секунд", "30 seconds"),
    90: ("90 секунд", "90 seconds"),
    5400: ("90 минут", "90 minutes"),
    100_000: ("27 часов", "27 hours"),
}
# Where it is printed: a template that is not here is not looked at below.
PAGES = {"partials/code.html", "partials/registration/card/sent.html", "partials/registration/card/done.html"}
PRINTING = {"email-confirmation", "email-change", "card-registration", "card-addition", "card-password"}
_NUMBER = re.compile(r"(?:действует|valid for|works for) (\d+ \w+)")


@pytest.mark.parametrize(
    ("seconds", "russian", "english"),
    [
        (1, "1 секунду", "1 second"),
        (2, "2 секунды", "2 seconds"),
        (59, "59 секунд", "59 seconds"),
        (60, "1 минуту", "1 minute"),
        (61, "61 секунду", "61 seconds"),
        (600, "10 минут", "10 minutes"),
        (599, "599 секунд", "599 seconds"),
        (601, "10 минут", "10 minutes"),
        (21 * 60, "21 минуту", "21 minutes"),
        (45 * 60, "45 минут", "45 minutes"),
        (3600, "1 час", "1 hour"),
        (3 * 3600, "3 часа", "3 hours"),
        (86400, "24 часа", "24 hours"),
        (36 * 3600, "36 часов", "36 hours"),
        (2 * 86400, "2 дня", "2 days"),
        (3 * 86400, "3 дня", "3 days"),
        (11 * 86400, "11 дней", "11 days"),
        (21 * 86400, "21 день", "21 days"),
        (11 * 86400 + 1, "11 дней", "11 days"),
        *((seconds, *texts) for seconds, texts in PRINTED.items()),
    ],
)
def test_the_largest_whole_unit_in_its_form(seconds: int, russian: str, english: str) -> None:
    with use_language("ru"):
        assert lasting(seconds) == russian.replace(" ", "\u00a0")
    with use_language("en"):
        assert lasting(seconds) == english.replace(" ", "\u00a0")


def test_no_lifetime_is_promised_longer_than_it_is_or_a_tenth_too_short() -> None:
    length = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
    with use_language("en"):
        for seconds in [*range(1, 20_000), *range(20_000, 4_000_000, 997)]:
            number, unit = lasting(seconds).split("\u00a0")
            said = int(number) * length[unit.removesuffix("s")]
            assert 0.9 * seconds < said <= seconds


def test_every_template_that_prints_a_lifetime_is_looked_at() -> None:
    """Of what a customer has been given; how old a request is, staff see (tests/routes/staff/test_requests.py)."""
    found = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html") if _prints(path)}
    assert {path for path in found if not path.startswith(("messages/", "partials/staff/"))} == PAGES


@pytest.mark.parametrize("seconds", PRINTED)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_prints_the_lifetime_it_is_given(language: str, seconds: int) -> None:
    found = {
        message.name for message in MESSAGES if any(map(_prints, (TEMPLATES / "messages" / message.name).iterdir()))
    }
    assert found >= PRINTING
    for message in MESSAGES:
        if message.name in found:
            values = {**message.example, "good_for": seconds}
            _look_at_message(message.name, values, language, PRINTED[seconds][LANGUAGES.index(language)])


def _prints(path: Path) -> bool:
    return "lasting" in path.read_text(encoding="utf-8")


def test_no_span_is_cut_to_a_unit_elsewhere() -> None:
    """«0 минут» came of dividing a setting where it is handed to a template."""
    for folder in ("domain", "routes"):
        for path in (TEMPLATES.parent / folder).rglob("*.py"):
            assert not re.search(r"//\s*(60|3600|86400)\b", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "changed",
    [{"captcha_code": CODE, "sms_waits": (1,), **dict.fromkeys(LIFETIMES, seconds)} for seconds in PRINTED],
    ids=str,
)
async def test_every_printed_lifetime(
    client: Browser,
    another_browser: Callable[..., Browser],
    posted: Callable[[], Awaitable[list[Posted]]],
    settings: Settings,
    clock: Clock,
    changed: dict[str, Any],
    language: str,
) -> None:
    client.http.cookies.set("language", language)
    wanted = PRINTED[changed["code_lifetime"]][LANGUAGES.index(language)]
    seen: list[str] = []

    def look(answer: httpx.Response) -> None:
        assert answer.status_code == 200
        found = _NUMBER.findall(words(answer))
        assert found == [wanted], words(answer)
        seen.extend(found)

    await _import_card(settings, clock)
    await client.reach("code")
    look(await client.get(path_of("code")))
    for step in STEPS[1:]:
        await client.submit(step)
    await client.post("/profile/security/email", {"email": "new@example.org"})
    clock.forward(seconds=2)
    await client.post("/profile/security/phone", {"phone": "8 900 111-22-33"})
    look(await client.get("/profile/security/phone/code"))
    await client.post("/profile/cards/new", CARD)
    clock.forward(seconds=2)
    recovering = another_browser()
    recovering.http.cookies.set("language", language)
    await recovering.post("/sign-in/phone", {"phone": PHONE})
    await recovering.post("/recovery")
    look(await recovering.get("/recovery/code"))
    by_card = another_browser()
    by_card.http.cookies.set("language", language)
    for path, form in (("/registration/card/card", CARD), ("", {"phone": BOUND_PHONE})):
        at = path or str((await posted())[-1].values["link"]).removeprefix("http://127.0.0.1:8000")
        picture = re.search(r'name="picture" value="([^"]+)"', (await by_card.open(at)).text)
        assert picture
        answer = await by_card.post(at, {**form, "captcha": CODE, "picture": picture[1]})
        look(await by_card.follow(answer))
    assert len(seen) == 5
    _look_at_messages(await posted(), language, wanted)


async def _import_card(settings: Settings, clock: Clock) -> None:
    known = kinds(Sealing(settings.secret), settings.sms_countries, clock().date())["cards"]
    row = [CARD["card_number"], "H1", "tk1001", CARD["email"], BOUND_PHONE]
    await import_rows(bound(), known, enumerate([row], 1), clock())


def _look_at_messages(sent: list[Posted], language: str, wanted: str) -> None:
    printing = {message.name: message.values for message in sent if message.name in PRINTING}
    assert printing.keys() == PRINTING
    for name, values in printing.items():
        _look_at_message(name, values, language, wanted)


def _look_at_message(name: str, values: Mapping[str, Any], language: str, wanted: str) -> None:
    rendered = MessageTexts()(name, values, language)
    for part in (rendered.text, rendered.html):
        if part is not None:
            assert _NUMBER.findall(html.unescape(part).replace("\u00a0", " ")) == [wanted], part
