"""The spoken code, listened to by measure: how long, how loud, and which digits in which order."""

from __future__ import annotations

import io
import wave
from array import array
from itertools import combinations

from domain.proofs import captcha_voice
from domain.proofs.captcha_voice import RATE

_FRAME = RATE // 50  # 20 ms
_STEP = 8  # samples skipped while comparing: 1 kHz is enough to tell digits apart


def _samples(spoken: bytes) -> array[int]:
    with wave.open(io.BytesIO(spoken), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        return array("h", file.readframes(file.getnframes()))


def _level(samples: array[int]) -> float:
    return float((sum(sample * sample for sample in samples) / max(1, len(samples))) ** 0.5)


def test_it_is_as_long_as_five_digits_take() -> None:
    for _ in range(5):
        assert 3.0 <= len(_samples(captcha_voice.speak("01234"))) / RATE <= 8.0


def test_it_is_loud_enough_and_not_clipped_all_over() -> None:
    samples = _samples(captcha_voice.speak("98765"))
    frames = [_level(samples[place : place + _FRAME]) for place in range(0, len(samples), _FRAME)]
    assert max(frames) > 5000, "the loudest 20 ms are near -16 dB of full scale"
    assert min(frames) < max(frames) / 5, "there are pauses between the digits"
    assert sum(abs(sample) >= 32767 for sample in samples) < len(samples) / 50


def test_recorded_digits_differ() -> None:
    for one, other in combinations("0123456789", 2):
        assert _likeness(captcha_voice._digit(one), captcha_voice._digit(other)) < 0.6, (one, other)


def test_no_two_renderings_are_the_same() -> None:
    assert len({captcha_voice.speak("11111") for _ in range(3)}) == 3


def test_it_spells_the_code() -> None:
    for code in ("01234", "56789"):
        assert _heard(_samples(captcha_voice.speak(code))) == code


def _heard(samples: array[int]) -> str:
    """The digits in the order in which each is most like what is heard, found one after the other."""
    heard: list[tuple[int, str]] = []
    rest = array("h", samples)
    for _ in range(5):
        score, place, digit = max(
            (score, place, digit)
            for digit in "0123456789"
            for score, place in [_found(captcha_voice._digit(digit), rest)]
        )
        assert score > 0.5, f"nothing like a digit is left: {score:.2f}"
        heard.append((place, digit))
        length = len(captcha_voice._digit(digit))
        rest[place : place + length] = array("h", bytes(2 * length))
    return "".join(digit for _, digit in sorted(heard))


def _found(digit: array[int], samples: array[int]) -> tuple[float, int]:
    """Where a recording fits best: looked for coarsely by loudness, then exactly around the best places."""
    frames = [_level(digit[place : place + _FRAME]) for place in range(0, len(digit) - _FRAME, _FRAME)]
    loudness = [_level(samples[place : place + _FRAME]) for place in range(0, len(samples) - _FRAME, _FRAME)]
    shifts = range(len(loudness) - len(frames))
    coarse = sorted(shifts, key=lambda shift: -_cosine(frames, loudness[shift : shift + len(frames)]))[:4]
    exact = [
        (_likeness(digit, samples[place : place + len(digit)]), place)
        for shift in coarse
        for place in range(max(0, shift * _FRAME - _FRAME), shift * _FRAME + _FRAME, 2)
    ]
    return max(exact)


def _cosine(one: list[float], other: list[float]) -> float:
    product = sum(a * b for a, b in zip(one, other, strict=True))
    return float(product / ((sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5 or 1))


def _likeness(one: array[int], other: array[int]) -> float:
    """Normalised correlation, -1 to 1."""
    length = min(len(one), len(other))
    return _cosine([float(x) for x in one[:length:_STEP]], [float(x) for x in other[:length:_STEP]])
