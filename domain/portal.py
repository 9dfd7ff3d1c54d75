"""What every use case needs to know of the installation, put together once at start."""

from __future__ import annotations

from dataclasses import dataclass

from domain.passwords import Hasher
from domain.sealing import Sealing
from settings import Settings


@dataclass(frozen=True)
class Portal:
    """Settings, the two keys, and the Argon2 hasher."""

    settings: Settings
    sealing: Sealing
    hasher: Hasher


def make_portal(settings: Settings) -> Portal:
    return Portal(settings, Sealing(settings.secret), Hasher())
