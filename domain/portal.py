"""What every use case needs of the installation, made once at start."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.delivery.arrivals import Arrivals
from domain.delivery.posted import Posted
from domain.passwords import Hasher
from domain.picture_limits import PictureLimits
from domain.sealing import Sealing
from settings import Settings


@dataclass(frozen=True)
class Portal:
    """Settings, keys, the Argon2 hasher; this process's picture codes, who sends its messages, and receipts of them."""

    settings: Settings
    sealing: Sealing
    hasher: Hasher
    pictures: PictureLimits = field(default_factory=PictureLimits)
    posted: Posted = field(default_factory=Posted)
    arrivals: Arrivals = field(default_factory=Arrivals)


def make_portal(settings: Settings) -> Portal:
    return Portal(settings, Sealing(settings.secret), Hasher(settings.password_queue))
