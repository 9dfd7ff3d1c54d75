"""The states of every message, declared in `templates/messages/<name>/states.json` as those of a fragment are.

Values are as the outbox keeps them: times are texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from domain.delivery.messages import MESSAGES
from routes.design import Design
from routes.dev.states import read_states

_OURS = Design()


@dataclass(frozen=True)
class MessageState:
    message: str
    name: str
    values: Mapping[str, Any]


def message_states_of(message: str, design: Design = _OURS) -> list[MessageState]:
    """Raises `SlipError` where they cannot be read."""
    return read_states(f"messages/{message}/states.json", design, partial(message_state_of, message))


def message_state_of(message: str, name: str, written: Mapping[str, Any]) -> MessageState:
    """Raises TypeError where the message has other values."""
    (known,) = (one for one in MESSAGES if one.name == message)
    return MessageState(message, name, known(**written).values())
