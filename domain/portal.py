"""What every use case needs of the installation, made once at start."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.delivery.arrivals import Arrivals
from domain.delivery.posted import Posted
from domain.metrics import PASSWORDS_UNDER_WAY
from domain.passwords import Hasher
from domain.picture_limits import PictureLimits
from domain.sealing import Sealing
from domain.usage_counts import UsageCounts
from settings import Settings


@dataclass(frozen=True)
class Portal:
    """Settings, keys, the Argon2 hasher; this process's picture codes, who sends its messages, receipts of
    them, and counts of use."""

    settings: Settings
    sealing: Sealing
    hasher: Hasher
    pictures: PictureLimits = field(default_factory=PictureLimits)
    posted: Posted = field(default_factory=Posted)
    arrivals: Arrivals = field(default_factory=Arrivals)
    usage: UsageCounts = field(default_factory=UsageCounts)


def sealing_of(settings: Settings) -> Sealing:
    return Sealing(settings.secret, settings.secret_previous)


def make_portal(settings: Settings) -> Portal:
    hasher = Hasher(settings.password_queue)
    PASSWORDS_UNDER_WAY.set_function(hasher.under_way)
    return Portal(settings, sealing_of(settings), hasher)
