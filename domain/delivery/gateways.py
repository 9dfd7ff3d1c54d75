"""The gateways of each kind of message: which is named how, and which gets the next message."""

from __future__ import annotations

import contextlib
import functools
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

from db import gateways as states
from domain.delivery.channels import can_call, configured
from domain.delivery.channels.channel import Channel, DeliveryFailed
from domain.delivery.health import Health
from domain.delivery.receipts import receipts_of
from domain.metrics import SET_ASIDE
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
        self.lacks_receipts = self.is_held = False
        self._failure = ""

    @property
    def free(self) -> int:
        """How many messages it may get now."""
        if self.is_held or self.health.rests_for > 0:
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
        return not self.is_held and self.health.rests_for == 0 and not (self.health.is_open and self._begun)

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
            self._failure = failure.reason
            if self.health.failed(begun, failure.rest):
                log.error("%s is set aside: %s", self.name, failure.reason)
        elif self.health.answered():
            log.warning("%s is back", self.name)

    @property
    def set_aside_for(self) -> str:
        """Why the next gateway gets what this one would get; empty where it does not."""
        if self.health.is_open:
            return self._failure
        return "its receipts have stopped" if self.lacks_receipts else ""

    def hold(self, held: bool) -> None:
        """An operator wants nothing to be sent by it, or no longer."""
        if held != self.is_held:
            log.warning("%s is %s", self.name, "held" if held else "released")
        self.is_held = held

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


def _is_set_aside(gateway: Gateway) -> bool:
    return gateway.health.is_open or gateway.lacks_receipts


@contextlib.asynccontextmanager
async def open_gateways(portal: Portal) -> AsyncIterator[Gateways]:
    """Those of the settings; none for a kind whose setting is `outbox:`."""
    channels = configured(portal.settings, lambda name: receipts_of(portal, name))
    opened = {kind: [Gateway(name, channel) for name, channel in named.items()] for kind, named in channels.items()}
    every = [gateway for own in opened.values() for gateway in own]
    # The same gateways: their windows and their health are shared by what goes as SMS.
    calling = [gateway for gateway in opened["sms"] if can_call(gateway.channel)]
    gateways: Gateways = {"sms": opened["sms"], "call": calling, "email": opened["email"]}
    try:
        held = {row["name"] for row in await states.known() if row["held_at"] is not None} if every else set()
        for gateway in every:
            gateway.hold(gateway.name in held)
            SET_ASIDE.labels(gateway.name).set_function(functools.partial(_is_set_aside, gateway))
        yield gateways
    finally:
        for gateway in every:
            await gateway.channel.close()
