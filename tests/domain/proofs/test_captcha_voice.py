"""The spoken code, listened to by measure: how long, how loud, and which digits in which order."""

from __future__ import annotations

import io
import re
import wave
from array import array
from itertools import combinations

import pytest

from domain.proofs.captcha_voice import RATE, recorded, speak

_STEP = 8  # samples skipped while comparing: 1 kHz is enough to tell digits apart


def _frames(spoken: bytes) -> bytes:
    with wave.open(io.BytesIO(spoken), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        return file.readframes(file.getnframes())


def test_it_is_as_long_as_five_digits_take() -> None:
    for _ in range(5):
        assert 3.0 <= len(_frames(speak("01234"))) / 2 / RATE <= 8.0


def test_recorded_digits_are_loud_enough_and_not_clipped() -> None:
    for digit in "0123456789":
        samples = array("h", recorded(digit))
        assert max(map(abs, samples)) > 15_000, "-7 dB of full scale"
        assert sum(abs(sample) >= 32767 for sample in samples) < len(samples) / 50


def test_recorded_digits_differ() -> None:
    for one, other in combinations("0123456789", 2):
        assert _likeness(recorded(one), recorded(other)) < 0.6, (one, other)


def _likeness(one: bytes, other: bytes) -> float:
    """Normalised correlation, -1 to 1."""
    a, b = (array("h", samples)[::_STEP] for samples in (one, other))
    product = sum(x * y for x, y in zip(a, b, strict=False))
    length = min(len(a), len(b))
    return float(product / ((sum(x * x for x in a[:length]) * sum(y * y for y in b[:length])) ** 0.5 or 1))


@pytest.mark.parametrize("code", ["01234", "56789", "00000"])
def test_it_spells_the_code_with_pauses(code: str) -> None:
    pause = rb"((?:\0\0){%d,%d})" % (RATE // 3, RATE * 2 // 3 + RATE // 10)
    digits = [re.escape(recorded(digit).strip(b"\0")) + rb"\0?" for digit in code]
    pauses = re.fullmatch(pause + pause.join(digits) + pause, _frames(speak(code)), re.DOTALL)
    assert pauses
    assert len({len(one) for one in pauses.groups()}) > 1, "unevenly spaced"
