"""What a registration by account knows so far, and the order of its steps. It lives in the session, encrypted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from domain.refusals import KnownPhone, WrongStep
from domain.sessions import Session
from domain.sign_in import by_password

_KEY, _KNOWN_PHONE = "registration", "known_phone"


@dataclass
class Registration:
    """Filled step by step; empty means not yet. Dates are ISO, amounts kopecks, phones E.164."""

    phone: str = ""
    phone_confirmed: bool = False
    consent_version: str = ""
    consent_hash: str = ""
    consent_at: str = ""
    consent_ip: str = ""
    # The row of the consent, there as soon as its phone is confirmed.
    consent: int = 0
    period: str = ""
    account_number: str = ""
    amount_kopecks: int = -1
    not_found: bool = False
    account: int = 0
    address_confirmed: bool = False
    last_name: str = ""
    first_name: str = ""
    patronymic: str = ""
    birth_date: str = ""
    email: str = ""
    request_number: int = 0
    # Set at the very end: what a repeated last POST is measured against.
    customer: int = 0


@dataclass(frozen=True)
class Step:
    """A slug, and whether a registration is past it."""

    slug: str
    is_done: Callable[[Registration], bool]


# The only list of the order: pages and use cases both ask it.
STEPS = (
    Step("phone", lambda known: bool(known.phone)),
    Step("code", lambda known: known.phone_confirmed),
    Step("bill", lambda known: bool(known.account)),
    Step("address", lambda known: known.address_confirmed),
    Step("person", lambda known: bool(known.birth_date)),
    Step("password", lambda known: bool(known.customer)),
)
SLUGS = tuple(step.slug for step in STEPS)


def may_take(known: Registration, slug: str) -> bool:
    """Whether every step before `slug` holds now. A registration that has ended takes none."""
    return not known.customer and all(step.is_done(known) for step in STEPS[: SLUGS.index(slug)])


def registration_of(session: Session | None) -> Registration:
    known = session.progress.get(_KEY, {}) if session else {}
    names = {f.name for f in fields(Registration)}
    return Registration(**{name: value for name, value in known.items() if name in names})


def put_into(session: Session, registration: Registration) -> None:
    session.progress[_KEY] = asdict(registration)


def phone_to_confirm(session: Session) -> str:
    """The number that the code was sent to: of a code typed again, that of what it has led to."""
    return registration_of(session).phone or str(session.progress.get(_KNOWN_PHONE, ""))


def end_for_known_phone(session: Session, phone: str) -> KnownPhone:
    """Forget the journey, but not what its code has told: the button may be pressed again."""
    session.progress = {_KNOWN_PHONE: phone}
    by_password.remember_phone(session, phone)
    return KnownPhone(phone, session)


def wrong_step(session: Session) -> KnownPhone | WrongStep:
    """What to answer to a step that cannot be taken now."""
    phone = "" if registration_of(session).phone else session.progress.get(_KNOWN_PHONE, "")
    return KnownPhone(phone, session) if phone else WrongStep()


def only(registration: Registration) -> dict[str, Any]:
    """A progress that holds nothing but this registration."""
    return {_KEY: asdict(registration)}
