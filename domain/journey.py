"""Journeys: their steps, the order of these, and what each step needs. No order is written anywhere else.

What a customer has done so far is a value of the journey's own type, with a field for each step: None until the step
is done. Pages ask the journey which step may be shown now. Use cases ask it again inside the transaction that writes
(`take_step`): a step needs all steps before it, and doing a step again undoes what was proved after it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from db.engine import transaction
from domain import sessions
from domain.metrics import STEPS
from domain.refusals import PasswordNeeded, Refused, SessionExpired, WrongStep
from domain.scope import Scope
from domain.sessions import Session

P = TypeVar("P")
T = TypeVar("T")
Condition = Callable[[P], bool]


class HasProgress(Protocol):
    """A customer's session, or one of the staff."""

    progress: dict[str, Any]


class Audience(Enum):
    """Whom a journey is for."""

    # For people who are not signed in; a signed-in customer is redirected to the profile.
    VISITORS = auto()
    CUSTOMERS = auto()


@dataclass(frozen=True)
class Grant:
    """What a proof allows: to which customer, under which version of their credentials, until when."""

    customer: int
    credentials: int
    until: datetime

    def holds(self, now: datetime) -> bool:
        return now < self.until


@dataclass(frozen=True)
class Step(Generic[P]):
    """One step; its slug names the field of the progress, the address, the route file, the fragment and the test."""

    slug: str
    # (progress, now) -> whether the step is done; needed where a filled field is not enough.
    done: Callable[[P, datetime], bool] | None = None
    # It cannot be taken again once it is done: a code is used up.
    once: bool = False
    # It holds typed text that proves nothing, and stays when an earlier step is done again.
    typed_only: bool = False
    # The password must have been typed at most KABINET_PASSWORD_AGAIN seconds ago.
    needs_recent_password: bool = False
    # Whether this customer takes the step at all; None for always.
    applies: Condition[P] | None = None

    def is_done(self, progress: P, now: datetime) -> bool:
        return self.done(progress, now) if self.done else getattr(progress, self.slug) is not None


@dataclass(frozen=True)
class Branch(Generic[P]):
    """A step outside the order: it may be taken in place of the step `at`, while `opens` is true."""

    at: str
    opens: Condition[P]


@dataclass(frozen=True)
class Journey(Generic[P]):
    """`empty` makes the progress of a customer who has done nothing yet."""

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
        """The step; of a branch, the one in whose place it is taken."""
        branch = self.branches.get(slug)
        return self.steps[self.slugs.index(branch.at if branch else slug)]

    def place(self, slug: str) -> tuple[int, int]:
        """The number of the step and how many there are."""
        return self.slugs.index(slug) + 1, len(self.slugs)

    def is_over(self, progress: P, now: datetime) -> bool:
        return self.steps[-1].is_done(progress, now)

    def current(self, progress: P, now: datetime) -> Step[P]:
        """The first step that is not done; where all are, the last one."""
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

    def progress(self, session: HasProgress | None) -> P:
        """The progress in the session; empty where another release has saved it in another form.

        A field that this release does not know may limit a right, and one that it knows may have meant something else.
        """
        kept = (session.progress if session else {}).get(self.name, {})
        try:
            progress = self._json.validate_python(kept)
        except ValidationError:
            return self.empty()
        return progress if self.as_json(progress) == kept else self.empty()

    def put(self, session: HasProgress, progress: P) -> None:
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
    """Run `act` in one transaction, with the session locked, if the journey allows the step.

    For visitors the first step begins a session where there is none.
    """
    async with transaction():
        session = await sessions.lock(scope)
        refused = session_refusal(scope, journey, slug, session)
        if refused is not None:
            return refused
        session = session or sessions.begin_unproved(scope)
        progress = journey.progress(session)
        came = await act(session, progress) if journey.may_take(progress, slug, scope.now) else WrongStep()
    STEPS.labels(journey.name, slug, "refused" if isinstance(came, Refused | list | WrongStep) else "taken").inc()
    return came


def session_refusal(
    scope: Scope, journey: Journey[P], slug: str, session: Session | None
) -> SessionExpired | PasswordNeeded | None:
    """Why this session may not take the step, whatever the progress is; None where it may."""
    if journey.audience is Audience.VISITORS:
        return None if session is not None or slug == journey.slugs[0] else SessionExpired()
    if session is None or session.customer is None or session.something_due:
        return SessionExpired()
    return (
        PasswordNeeded()
        if journey.step(slug).needs_recent_password and not sessions.password_is_recent(scope, session)
        else None
    )
