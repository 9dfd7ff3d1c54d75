"""The picture code spoken in Russian: recorded digits, unevenly spaced.

The digits were made once with espeak-ng (voice `ru`) and lie in static/voices/ru as 8 kHz mono of 16 bits. Nothing is
mixed into them: noise misleads people, and no program that compares a sound with ten recordings.
"""

from __future__ import annotations

import functools
import io
import secrets
import wave
from pathlib import Path

_VOICES = Path(__file__).parents[2] / "static" / "voices" / "ru"
RATE = 8000
_SAMPLE = 2


def speak(code: str) -> bytes:
    """A WAV of the digits of `code`."""
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(_SAMPLE)
        file.setframerate(RATE)
        file.writeframes(_gap() + b"".join(recorded(digit) + _gap() for digit in code))
    return written.getvalue()


@functools.cache
def recorded(digit: str) -> bytes:
    with wave.open(str(_VOICES / f"{digit}.wav"), "rb") as file:
        return file.readframes(file.getnframes())


def _gap() -> bytes:
    """Silence of a third to two thirds of a second."""
    return bytes(_SAMPLE * (RATE // 3 + secrets.randbelow(RATE // 3)))
