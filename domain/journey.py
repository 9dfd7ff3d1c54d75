"""Journeys: which steps there are, in which order, and what each needs. An order is written nowhere else.

What a customer has done so far is a value of the journey's own type, with a field for each step: None until the step
is done. Pages ask the journey which step may be shown now. Use cases ask it again inside the transaction that writes
(`take_step`): the last step needs all before it, and a step that is done anew takes along what was proved after it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from db.engine import transaction
from domain import sessions
from domain.refusals import PasswordNeeded, SessionExpired, WrongStep
from domain.scope import Scope
from domain.sessions import Session

P = TypeVar("P")
T = TypeVar("T")
Condition = Callable[[P], bool]


class Audience(Enum):
    """Who takes a journey."""

    # Nobody has to be signed in; who is has no business there.
    VISITORS = auto()
    CUSTOMERS = auto()


@dataclass(frozen=True)
class Grant:
    """Something proved a moment ago: by which customer, under which version of their credentials, good until when."""

    customer: int
    credentials: int
    until: datetime

    def holds(self, now: datetime) -> bool:
        return now < self.until


@dataclass(frozen=True)
class Step(Generic[P]):
    """One step; its slug names the field of the progress, the address, the route file, the fragment and the test."""

    slug: str
    # Where it takes more than a field that is filled: (progress, now) -> whether it is done.
    done: Callable[[P, datetime], bool] | None = None
    # Once done there is nothing to look at again: a code that was right.
    once: bool = False
    # Typed text that proves nothing: it stays when an earlier step is done anew.
    typed_only: bool = False
    # The password has to have been typed a short while ago (KABINET_PASSWORD_AGAIN).
    needs_recent_password: bool = False
    # Whether this customer's way leads through it; None for always.
    applies: Condition[P] | None = None

    def is_done(self, progress: P, now: datetime) -> bool:
        return self.done(progress, now) if self.done else getattr(progress, self.slug) is not None


@dataclass(frozen=True)
class Branch(Generic[P]):
    """A step beside the order: it may be taken instead of the step `at`, where `opens` says so."""

    at: str
    opens: Condition[P]


@dataclass(frozen=True)
class Journey(Generic[P]):
    """`empty` makes the progress of somebody who has done nothing yet."""

    name: str
    empty: Callable[[], P]
    steps: tuple[Step[P], ...]
    branches: Mapping[str, Branch[P]] = field(default_factory=dict)
    audience: Audience = Audience.VISITORS

    @cached_property
    def slugs(self) -> tuple[str, ...]:
        return tuple(step.slug for step in self.steps)

    @cached_property
    def _json(self) -> TypeAdapter[P]:
        return TypeAdapter(type(self.empty()))

    def step(self, slug: str) -> Step[P]:
        return self.steps[self.slugs.index(slug)]

    def place(self, slug: str) -> tuple[int, int]:
        """Which step of how many."""
        return self.slugs.index(slug) + 1, len(self.slugs)

    def is_over(self, progress: P, now: datetime) -> bool:
        return self.steps[-1].is_done(progress, now)

    def current(self, progress: P, now: datetime) -> Step[P]:
        """The first step that is not done; the last one where all are."""
        return next((step for step in self.steps if not step.is_done(progress, now)), self.steps[-1])

    def may_take(self, progress: P, slug: str, now: datetime) -> bool:
        """Whether every step before `slug` holds now. A journey that is over takes no step."""
        if branch := self.branches.get(slug):
            return self.may_take(progress, branch.at, now) and branch.opens(progress)
        step = self.step(slug)
        earlier = self.steps[: self.slugs.index(slug)]
        if self.is_over(progress, now) or (step.once and step.is_done(progress, now)):
            return False
        return (step.applies is None or step.applies(progress)) and all(one.is_done(progress, now) for one in earlier)

    def redo(self, progress: P, slug: str, value: object) -> P:
        """The progress with `value` for the step, and without what was proved after it."""
        later = self.steps[self.slugs.index(slug) + 1 :]
        forgotten = {step.slug: None for step in later if not step.typed_only}
        return replace(progress, **{slug: value, **forgotten})  # type: ignore[type-var]

    def progress(self, session: Session | None) -> P:
        """What the session knows; nothing of what another release has kept and this one would not keep so.

        A field that is not known here may be what limits a right, and one that is may have meant something else.
        """
        kept = (session.progress if session else {}).get(self.name, {})
        try:
            progress = self._json.validate_python(kept)
        except ValidationError:
            return self.empty()
        return progress if self.as_json(progress) == kept else self.empty()

    def put(self, session: Session, progress: P) -> None:
        session.progress[self.name] = self.as_json(progress)

    def as_json(self, progress: P) -> Any:
        return self._json.dump_python(progress, mode="json", exclude_defaults=True)

    async def save(self, scope: Scope, session: Session, progress: P) -> Session:
        self.put(session, progress)
        await sessions.save(scope, session)
        return session


def grant(scope: Scope, customer: int, credentials: int, lifetime: timedelta) -> Grant:
    return Grant(customer, credentials, scope.now + lifetime)


async def take_step(
    scope: Scope, journey: Journey[P], slug: str, act: Callable[[Session, P], Awaitable[T]]
) -> T | SessionExpired | WrongStep | PasswordNeeded:
    """`act` in one transaction, with the session locked, where the journey allows the step.

    The first step of a visitors' journey begins a session where there is none.
    """
    async with transaction():
        session = await sessions.lock(scope)
        refused = session_refusal(scope, journey, slug, session)
        if refused is not None:
            return refused
        session = session or sessions.begin_unproved(scope)
        progress = journey.progress(session)
        return await act(session, progress) if journey.may_take(progress, slug, scope.now) else WrongStep()


def session_refusal(
    scope: Scope, journey: Journey[P], slug: str, session: Session | None
) -> SessionExpired | PasswordNeeded | None:
    """Whether the session is one that may take the step at all, whatever has been done before."""
    if journey.audience is Audience.VISITORS:
        return None if session is not None or slug == journey.slugs[0] else SessionExpired()
    if session is None or session.customer is None or session.password_due:
        return SessionExpired()
    return (
        PasswordNeeded()
        if journey.step(slug).needs_recent_password and not sessions.password_is_recent(scope, session)
        else None
    )
