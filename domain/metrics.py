"""What is measured of the portal's work; routes/metrics.py measures requests and serves all of it.

A label has few values, and none says anything of a person.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from prometheus_client import Counter, Gauge

from db import delivery_figures, governor, imports, installation
from db.unavailable import DatabaseUnavailableError
from domain.values.sms_steps import KINDS

STEPS = Counter("kabinet_journey_steps", "Steps of journeys that were sent.", ["journey", "step", "outcome"])
SIGN_INS = Counter("kabinet_sign_ins", "Passwords that were judged, or were not because of a lock.", ["outcome"])
THROTTLED = Counter("kabinet_throttled", "What a limit has refused.", ["limit"])
PASSWORDS_UNDER_WAY = Gauge("kabinet_passwords_under_way", "Passwords that are hashed or wait for it.")
PASSWORDS_TURNED_AWAY = Counter("kabinet_passwords_turned_away", "Passwords not judged as the queue was full.")
ATTEMPTS = Counter("kabinet_delivery_attempts", "What gateways said of messages.", ["gateway", "outcome"])
ENDED = Counter("kabinet_messages_ended", "What became of messages.", ["kind", "state"])
SET_ASIDE = Gauge("kabinet_gateway_set_aside", "1 while a gateway gets nothing but a probe.", ["gateway"])
WAITING = Gauge("kabinet_messages_waiting", "Messages that wait, whichever process will send them.", ["kind"])
OLDEST = Gauge("kabinet_message_oldest_seconds", "For how long the oldest waiting message has waited.", ["kind"])
GOVERNOR_STEP = Gauge(
    "kabinet_governor_step", "How far codes are held back: 0 not at all, 3 all of them; the highest.", ["subject"]
)
BACKED_UP = Gauge("kabinet_backup_timestamp_seconds", "When the last backup was made; 0 for never.")
IMPORTED = Gauge("kabinet_import_timestamp_seconds", "When the newest file of a kind was imported.", ["kind"])

# Seconds between two looks into the database.
_EVERY = 15.0
_log = logging.getLogger("kabinet.metrics")


async def look(now: datetime) -> None:
    """What only the database knows."""
    waiting = await delivery_figures.waiting()
    for kind in ("sms", "call", "email"):
        of_kind = [row for row in waiting if row["kind"] == kind]
        WAITING.labels(kind).set(sum(row["messages"] for row in of_kind))
        OLDEST.labels(kind).set(max((max(0.0, (now - row["oldest"]).total_seconds()) for row in of_kind), default=0.0))
    held = await governor.all_steps()
    for subject in KINDS:
        GOVERNOR_STEP.labels(subject).set(max((row["step"] for row in held if row["kind"] == subject), default=0))
    backed_up = await installation.backed_up_at()
    for newest in await imports.newest_of_each_kind():
        IMPORTED.labels(newest["kind"]).set(newest["at"].timestamp())
    BACKED_UP.set(backed_up.timestamp() if backed_up else 0)


async def look_forever(clock: Callable[[], datetime]) -> None:
    """While the database is away, the figures stay as they are: requests and pages tell of it."""
    while True:
        try:
            await look(clock())
        except DatabaseUnavailableError as error:
            _log.warning("the database was not asked for figures: %s", error)
        await asyncio.sleep(_EVERY)
