"""Holds codes by SMS back where they are sent and not typed: a robot's are, a customer's are not.

What is judged: the network that asks, the range of the number, the portal as a whole, and all networks together from
which nobody has typed a code for weeks ("strangers"). The rules are in domain/values/sms_steps.py. Only codes that go
to any number are governed, those of a registration; a recovery sends to customers alone, a change of phone for them.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from db import alerts, cards, customers, governor
from db.engine import transaction
from db.governor import Addition, StepRow
from domain import journal
from domain.scope import Scope
from domain.throttles import networks_of
from domain.values.sms_steps import Counts, Seen, Step, steps_after
from settings import OUTBOX

# The sliding window in which codes are counted; it moves on by the hour.
WINDOW = timedelta(hours=12)
# So many rows an hour has what everybody shares, so that nobody waits for another's transaction.
_ROWS = 8
_log = logging.getLogger("kabinet.governor")


@dataclass(frozen=True)
class Subject:
    """`name` is for the staff: a network, the first digits of numbers, nothing for the whole."""

    kind: str
    name: str = ""

    @property
    def is_network(self) -> bool:
        return self.kind == "network"

    def key(self, scope: Scope) -> str:
        # Hashed, so that the counters hold no addresses of those who did nothing wrong.
        return self.keys(scope)[0]

    def keys(self, scope: Scope) -> tuple[str, ...]:
        """All that rows may have: two while KABINET_SECRET is being replaced."""
        return scope.keyed_hashes("governor", f"{self.kind}\0{self.name}")


@dataclass(frozen=True)
class Judged:
    """What holds for a request; `subjects` are what its code counts for."""

    step: Step
    subjects: Sequence[Subject]


def networks(ip: str) -> list[Subject]:
    """The narrowest first. The last one proves the others: a phone's IPv6 /64 is new each time, its /48 is not."""
    found = networks_of(ip)
    return [Subject("network", name) for size, name in found if size in {24, 48} or (size == 0 and ":" in name)]


def subjects_of(phone: str, ip: str, digits: int, *, proven: bool) -> list[Subject]:
    """What a code to `phone` (E.164) counts for; `digits` of it are its range."""
    strangers = [] if proven else [Subject("strangers")]
    return [Subject("portal"), Subject("range", phone[: digits + 1]), *strangers, *networks(ip)]


def _is_on(scope: Scope) -> bool:
    """By itself where codes cost money: `outbox:` sends none."""
    governor = scope.settings.sms_governor
    return governor == "on" or (governor == "auto" and scope.settings.sms != (OUTBOX,))


async def judge(scope: Scope, phone: str) -> Judged:
    """How far a code to `phone` is held back. Part of the caller's transaction; takes steps up and down.

    While nothing can be sent nothing can be typed: then nothing is counted, and every step stays.
    """
    if not _is_on(scope):
        return Judged(Step.OPEN, [])
    ip, digits = scope.client.ip, scope.settings.sms_range_digits
    proven = await governor.proven(networks(ip)[-1].keys(scope), scope.now)
    subjects = subjects_of(phone, ip, digits, proven=proven)
    step = await take_steps(scope, subjects, proven=proven)
    return Judged(step, [] if await alerts.is_standing("sms") else subjects)


async def take_steps(scope: Scope, subjects: Sequence[Subject], *, proven: bool) -> Step:
    """What holds for a request that has part in `subjects`, by their counters of now; changed steps are written."""
    keys = {one.key(scope): one for one in subjects}
    now_called = {old: one.key(scope) for one in subjects for old in one.keys(scope)[1:]}
    if now_called:
        await governor.rename(now_called)
    former = {row["subject"]: Step(row["step"]) for row in await governor.steps(keys)}
    counts: dict[str, Counts] = {}
    for row in await governor.sums([*keys, *now_called], scope.now - WINDOW):
        key = now_called.get(row["subject"], row["subject"])
        known = counts.get(key, Counts())
        counts[key] = Counts(known.sent + row["sent"], known.typed + row["typed"], known.held + row["held"])
    seen = [Seen(one.kind, former.get(key, Step.OPEN), counts.get(key, Counts())) for key, one in keys.items()]
    steps, together = steps_after(seen, scope.settings.sms_floors, proven=proven)
    changed = [
        (key, before.step, after) for key, before, after in zip(keys, seen, steps, strict=True) if before.step != after
    ]
    # In the order of their keys: two requests never wait for each other in turn.
    for key, before, after in sorted(changed):
        one = keys[key]
        if await governor.change(key, one.kind, one.name, before, after, scope.now):
            await _note(scope, one, before, after)
    return together


async def review(scope: Scope) -> None:
    """Take back what is over, also where nobody asks for a code any more."""
    for row in await governor.all_steps():
        if row["step"]:
            one = Subject(row["kind"], row["name"])
            async with transaction():
                proven = one.is_network and await governor.proven(one.keys(scope), scope.now)
                await take_steps(scope, [one], proven=proven)


async def untold() -> Sequence[StepRow]:
    """The steps of which the staff does not know."""
    return [row for row in await governor.all_steps() if row["step"] != row["told"] or not row["step"]]


async def all_steps() -> Sequence[StepRow]:
    """All that is held back, and what was until now."""
    return await governor.all_steps()


async def tell(row: StepRow) -> bool:
    """Part of the transaction that tells the staff; whether nobody else does."""
    return await governor.tell(row)


async def _note(scope: Scope, subject: Subject, before: Step, after: Step) -> None:
    """For the journal and the log."""
    change = f"{subject.kind} {subject.name}".strip() + f": {before.name.lower()} to {after.name.lower()}"
    await journal.note(scope, "sms-step", None, change)
    _log.warning("codes by SMS: %s", change)


async def is_known(scope: Scope, phone: str) -> bool:
    """Whether the number is a customer's or in the registry. Both are asked, whatever the first one says."""
    hashes = scope.phone_hashes(phone)
    of_customer, of_card = await customers.by_phone(hashes), await cards.has_phone(hashes)
    return of_customer is not None or of_card


async def count_asked(scope: Scope, judged: Judged, *, sent: bool) -> None:
    """A code that was asked for and allowed. The last rows that its transaction locks.

    Where an unknown number gets none, its network is charged all the same: else its step would tell. For the others it
    was held: it has cost nothing.
    """
    passed = 0 if judged.step is Step.OPEN else -1
    additions = [
        _addition(scope, one, sent=1, held=passed) if sent or one.is_network else _addition(scope, one, held=1 + passed)
        for one in judged.subjects
    ]
    await _count(additions)


async def count_held(scope: Scope, judged: Judged) -> None:
    """A code that was asked for without the picture's."""
    await _count([_addition(scope, one, held=1) for one in judged.subjects])


async def count_typed(scope: Scope, phone: str, ip: str, codes: int) -> None:
    """The code of `phone` was typed: so were all that were sent there meanwhile, by requests from `ip`."""
    if not _is_on(scope):
        return
    proven = await governor.proven(networks(ip)[-1].keys(scope), scope.now)
    subjects = subjects_of(phone, ip, scope.settings.sms_range_digits, proven=proven)
    await _count([_addition(scope, one, typed=codes) for one in subjects])


async def _count(additions: Sequence[Addition]) -> None:
    if additions:
        await governor.count(additions)


def _addition(scope: Scope, subject: Subject, *, sent: int = 0, typed: int = 0, held: int = 0) -> Addition:
    key, hour = subject.key(scope), scope.now.replace(minute=0, second=0, microsecond=0)
    row = 0 if subject.is_network else secrets.randbelow(_ROWS)
    return Addition(f"{key}#{row}@{hour:%Y%m%d%H}", key, hour, sent, typed, held)
