"""The picture code: one try, five minutes, nothing readable in the database."""

from __future__ import annotations

import asyncio
import io
import itertools
import random
from datetime import datetime, timedelta

import pytest
from PIL import Image

from db import captchas
from db.engine import Engine, run, transaction
from domain.portal import Portal
from domain.proofs import captcha
from domain.refusals import Code, Refused
from tests.conftest import scope_of

REFUSED = Refused(Code.CAPTCHA_WRONG, "captcha")


async def _judge(portal: Portal, token: str, typed: str, now: datetime, about: str = "a card") -> Refused | bool:
    async with transaction():
        return await captcha.judge(scope_of(portal, now), token, typed, about=about)


def _code(portal: Portal, token: str) -> str:
    return str(portal.sealing.unseal(token)["code"])


async def test_right_code_is_good_once(engine: Engine, portal: Portal, now: datetime) -> None:
    token = captcha.make(scope_of(portal, now)).token
    code = _code(portal, token)
    assert await _judge(portal, token, code, now) is True
    assert await _judge(portal, token, code, now) == REFUSED


async def test_wrong_code_spends_the_try(engine: Engine, portal: Portal, now: datetime) -> None:
    token = captcha.make(scope_of(portal, now)).token
    code = _code(portal, token)
    wrong = "00000" if code != "00000" else "11111"
    assert await _judge(portal, token, wrong, now) == REFUSED
    assert await _judge(portal, token, code, now) == REFUSED


async def test_of_a_hundred_guesses_at_once_one_is_judged(engine: Engine, portal: Portal, now: datetime) -> None:
    token = captcha.make(scope_of(portal, now)).token
    code = _code(portal, token)
    judged = await asyncio.gather(*(_judge(portal, token, code, now) for _ in range(100)))
    assert [outcome for outcome in judged if outcome is True] == [True]


async def test_what_led_on_leads_on_again_for_the_same_and_for_nothing_else(
    engine: Engine, portal: Portal, now: datetime
) -> None:
    token = captcha.make(scope_of(portal, now)).token
    code = _code(portal, token)
    async with transaction():
        assert await captcha.judge(scope_of(portal, now), token, code, about="a card") is True
        await captcha.remember_use(scope_of(portal, now), token, code, about="a card")
    assert await _judge(portal, token, code, now, "a card") is False
    assert await _judge(portal, token, code, now, "another card") == REFUSED
    assert await _judge(portal, token, "1", now, "a card") == REFUSED


async def test_code_expires_after_five_minutes(engine: Engine, portal: Portal, now: datetime) -> None:
    early, late = [captcha.make(scope_of(portal, now)).token for _ in range(2)]
    assert await _judge(portal, early, _code(portal, early), now + timedelta(seconds=299)) is True
    assert await _judge(portal, late, _code(portal, late), now + timedelta(seconds=301)) == REFUSED


async def test_a_tried_or_old_picture_is_not_made_again(engine: Engine, portal: Portal, now: datetime) -> None:
    tried, old = [captcha.make(scope_of(portal, now)).token for _ in range(2)]
    assert await captcha.digits_of(scope_of(portal, now), tried) == _code(portal, tried)
    await _judge(portal, tried, "00000", now)
    assert await captcha.digits_of(scope_of(portal, now), tried) is None
    assert await captcha.digits_of(scope_of(portal, now + timedelta(seconds=301)), old) is None


async def test_a_machine_whose_clock_is_ahead_gives_no_try_back(engine: Engine, portal: Portal, now: datetime) -> None:
    token = captcha.make(scope_of(portal, now)).token
    await _judge(portal, token, "00000", now)
    await captchas.sweep(now + timedelta(hours=1))
    assert await _judge(portal, token, _code(portal, token), now) == REFUSED
    await captchas.sweep(now + timedelta(hours=3))
    assert await run("SELECT id FROM captchas") == []


async def test_another_picture_makes_the_former_void(engine: Engine, portal: Portal, now: datetime) -> None:
    token = captcha.make(scope_of(portal, now)).token
    captcha.replace(scope_of(portal, now), token)
    assert await captcha.digits_of(scope_of(portal, now), token) is None
    assert await _judge(portal, token, _code(portal, token), now) == REFUSED


async def test_invented_or_altered_tokens_are_refused(engine: Engine, portal: Portal, now: datetime) -> None:
    token = captcha.make(scope_of(portal, now)).token
    altered = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
    for invented in ("", "x", "\0", altered, portal.sealing.seal("text"), portal.sealing.seal([1])):
        assert await _judge(portal, invented, "12345", now) == REFUSED
        assert await captcha.digits_of(scope_of(portal, now), invented) is None


async def test_database_does_not_know_the_code(engine: Engine, portal: Portal, now: datetime) -> None:
    token = captcha.make(scope_of(portal, now)).token
    assert await run("SELECT * FROM captchas") == []
    await _judge(portal, token, _code(portal, token), now)
    rows = await run("SELECT * FROM captchas")
    assert len(rows) == 1
    kept = str({name: value for name, value in rows[0].items() if not isinstance(value, datetime)})
    assert _code(portal, token) not in kept


async def test_operators_test_code_stands_on_every_picture(engine: Engine, portal: Portal, now: datetime) -> None:
    settings = portal.settings.model_copy(update={"captcha_code": "24680"})
    token = captcha.make(scope_of(Portal(settings, portal.sealing, portal.hasher), now)).token
    assert _code(portal, token) == "24680"


def test_picture_is_a_small_webp_that_is_never_the_same() -> None:
    pictures = {captcha.draw("13579") for _ in range(5)}
    assert len(pictures) == 5
    for picture in pictures:
        assert len(picture) < 6000
        opened = Image.open(io.BytesIO(picture))
        # Twice the size it is shown at.
        assert (opened.format, opened.size) == ("WEBP", (400, 144))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_one_stands_beside_a_seven(portal: Portal, now: datetime) -> None:
    codes = [_code(portal, captcha.make(scope_of(portal, now)).token) for _ in range(300)]
    assert set("".join(codes)) == set("023456789")


@pytest.mark.parametrize("towards", [-1, 1])
def test_no_digit_touches_the_next(monkeypatch: pytest.MonkeyPatch, towards: int) -> None:
    """The largest of each, turned as far as may be, towards each other."""
    turns = itertools.cycle((towards, -towards))
    monkeypatch.setattr(random.SystemRandom, "uniform", lambda _, low, high: max(low, high) * next(turns))
    monkeypatch.setattr(random.SystemRandom, "choice", lambda _, fonts: fonts[-1])
    for digit in "0123456789":
        picture = Image.open(io.BytesIO(captcha.draw(digit * 5))).convert("L").tobytes()
        lit = [max(picture[x::400]) > 150 for x in range(400)]
        assert (lit[0], lit[-1]) == (False, False)
        assert sum(here and not before for before, here in itertools.pairwise(lit)) == 5, digit


def test_ink_stands_out_from_the_ground() -> None:
    """WCAG 2.2 1.4.11 asks for 3:1; the darkest and the lightest tenth of the picture are measured."""
    grey = sorted(Image.open(io.BytesIO(captcha.draw("88888"))).convert("L").tobytes())
    dark, light = (_luminance(grey[place]) for place in (len(grey) // 2, len(grey) * 97 // 100))
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def _luminance(level: int) -> float:
    share = level / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
