"""The gateways of each kind of message: which is named how, and which gets the next message."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

from domain.delivery.channels import configured
from domain.delivery.channels.channel import Channel, DeliveryFailed
from domain.delivery.health import Health
from domain.delivery.receipts import receipts_of
from domain.portal import Portal

log = logging.getLogger("kabinet.delivery")

# Where no answer has come for so many seconds, the next gateway gets what comes now; longer than any answer takes.
_SILENT = 3.0
# How long one without receipts is left alone between two messages, seconds.
_PROBE = 30.0


class Gateway:
    """A channel under the name that the operator knows, with the messages that it is sending.

    `clock` is monotonic, in seconds.
    """

    def __init__(self, name: str, channel: Channel, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self.channel = channel
        self.health = Health(clock)
        self._clock = clock
        # Of each message under way, when it was begun; the first one has waited longest.
        self._begun: dict[object, float] = {}
        self._answered_at = self._taken_at = clock()
        self.lacks_receipts = False

    @property
    def free(self) -> int:
        """How many messages it may get now."""
        if self.health.rests_for > 0:
            return 0
        return max(0, (1 if self.health.is_open else self.channel.window) - len(self._begun))

    @property
    def is_doubtful(self) -> bool:
        """Whether another one gets what comes now: it owes answers, and none has come for a while, or no receipts come.

        In that case it gets a message now and then, to see whether its receipts come again.
        """
        now = self._clock()
        since = max(next(iter(self._begun.values()), now), self._answered_at)
        return now - since > _SILENT or (self.lacks_receipts and now - self._taken_at < _PROBE)

    @property
    def is_available(self) -> bool:
        """Whether it works, as far as is known: its window may be full all the same."""
        return self.health.rests_for == 0 and not (self.health.is_open and self._begun)

    def take(self) -> object:
        """Occupy a place in its window, to be given back by `leave`."""
        place = object()
        self._begun[place] = self._taken_at = self._clock()
        return place

    def leave(self, place: object) -> None:
        """Nothing came of the message that the gateway had part in."""
        self._begun.pop(place, None)

    def finish(self, place: object, failure: DeliveryFailed | None) -> None:
        """Take note of what came of the message."""
        begun = self._begun.pop(place)
        if failure is None or failure.follows != "unknown":
            self._answered_at = self._clock()
        if failure is not None and failure.gateways_fault:
            if self.health.failed(begun, failure.rest):
                log.error("%s is set aside: %s", self.name, failure.reason)
        elif self.health.answered():
            log.warning("%s is back", self.name)

    def note_receipts(self, stopped: bool) -> None:
        """Whether its receipts have stopped. It still takes messages, so it gets them where there is no other."""
        if stopped and not self.lacks_receipts:
            log.error("%s is set aside: its receipts have stopped", self.name)
        elif self.lacks_receipts and not stopped:
            log.warning("%s is back: its receipts come again", self.name)
        self.lacks_receipts = stopped


# In the order in which they are tried. A kind that has none is not sent.
Gateways = Mapping[str, Sequence[Gateway]]


def next_gateway(
    gateways: Sequence[Gateway], without: Collection[str] = (), last_choice: Sequence[str] = ()
) -> Gateway | None:
    """The one to try now, in their order; None where there is none, or where that one's window is full.

    A full window is no reason to take the next: it is there for when this one fails. Only a customer who asks again
    gets the next one all the same: by those of `last_choice` the former ones did not arrive, by the last of them last.
    """
    available = [gateway for gateway in gateways if gateway.is_available and gateway.name not in without]
    able = [gateway for gateway in available if not gateway.is_doubtful] or available
    if last_choice:
        asked = {name: number for number, name in enumerate(last_choice, 1)}
        able = [gateway for gateway in sorted(able, key=lambda one: asked.get(one.name, 0)) if gateway.free]
    return able[0] if able and able[0].free else None


@contextlib.asynccontextmanager
async def open_gateways(portal: Portal) -> AsyncIterator[Gateways]:
    """Those of the settings; none for a kind whose setting is `outbox:`."""
    channels = configured(portal.settings, lambda name: receipts_of(portal, name))
    gateways: Gateways = {
        kind: [Gateway(name, channel) for name, channel in named.items()] for kind, named in channels.items()
    }
    try:
        yield gateways
    finally:
        for gateway in (gateway for opened in gateways.values() for gateway in opened):
            await gateway.channel.close()
