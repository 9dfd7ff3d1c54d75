"""The picture code spoken in Russian: recorded digits, unevenly spaced, in noise.

The digits were made once with espeak-ng (voice `ru`) and lie in static/voices/ru as 8 kHz mono of 16 bits.
"""

from __future__ import annotations

import functools
import io
import random
import wave
from array import array
from collections.abc import Callable
from pathlib import Path

_VOICES = Path(__file__).parents[2] / "static" / "voices" / "ru"
RATE = 8000
_LOUDEST = 32767
# Noise, of full scale: audible, 14 dB below the voice, which peaks at -3 dB.
_NOISE = 0.06
# How loud other digits, played backwards, are mixed in: they mislead speech recognition.
_MURMUR = 0.12


def speak(code: str) -> bytes:
    """A WAV of the digits of `code`. Blocking: tens of milliseconds of CPU."""
    chance = random.SystemRandom()
    spoken = _gap(chance)
    for digit in code:
        spoken.extend(_digit(digit))
        spoken.extend(_gap(chance))
    _mix(spoken, _murmur(chance, len(spoken)), _MURMUR)
    _mix(spoken, _noise(chance, len(spoken)), _NOISE)
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(spoken.tobytes())
    return written.getvalue()


@functools.cache
def _digit(digit: str) -> array[int]:
    with wave.open(str(_VOICES / f"{digit}.wav"), "rb") as file:
        return array("h", file.readframes(file.getnframes()))


def _gap(chance: random.Random) -> array[int]:
    return array("h", bytes(2 * chance.randrange(RATE // 3, RATE * 2 // 3)))


def _noise(chance: random.Random, length: int) -> array[int]:
    return array("h", chance.randbytes(2 * length))


def _murmur(chance: random.Random, length: int) -> array[int]:
    murmur: array[int] = array("h")
    while len(murmur) < length:
        murmur.extend(reversed(_digit(str(chance.randrange(10)))))
    return murmur[:length]


def _mix(spoken: array[int], other: array[int], share: float) -> None:
    limit: Callable[[int], int] = lambda sample: max(-_LOUDEST, min(_LOUDEST, sample))  # noqa: E731
    for place, sample in enumerate(other):
        spoken[place] = limit(spoken[place] + int(sample * share))
