"""What the settings may begin a channel's address with."""

from __future__ import annotations

from domain.delivery.channels import CHANNELS
from settings import OUTBOX


def schemes_of(kind: str) -> list[str]:
    return [OUTBOX, *(scheme for channel in CHANNELS if channel.kind == kind for scheme in channel.schemes)]
