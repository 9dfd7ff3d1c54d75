"""Why a person of the staff does something: typed, and kept in their journal."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from domain.refusals import Code
from domain.values.people import clean_text
from routes.forms import MaxLength, error

_LONGEST = 300


def _purpose(text: str) -> str:
    text = clean_text(text)
    if not text:
        raise error(Code.REASON_EMPTY)
    if len(text) > _LONGEST:
        raise error(Code.TOO_LONG)
    return text


Purpose = Annotated[str, BeforeValidator(_purpose), MaxLength(600, Code.TOO_LONG)]
