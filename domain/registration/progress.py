"""Registration by account: its steps, and what each of them brings. It lives in the session, encrypted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.journey import Branch, Journey, Step
from domain.proofs.bill_proof import Bill
from domain.sessions import Session
from domain.sign_in import by_password


@dataclass(frozen=True)
class ConsentText:
    """Which text was consented to."""

    version: str
    sha256: str


@dataclass(frozen=True)
class Consent:
    """When and from where the box was ticked."""

    text: ConsentText
    at: datetime
    ip: str


@dataclass(frozen=True)
class GivenPhone:
    """E.164."""

    number: str
    consent: Consent


@dataclass(frozen=True)
class ConfirmedPhone:
    """The row of the consent, which is there as soon as its phone is confirmed."""

    consent: int


@dataclass(frozen=True)
class BillSearch:
    """What was typed, and the account that has this bill; `not_found` where none has."""

    bill: Bill
    account: int | None = None
    not_found: bool = False


@dataclass(frozen=True)
class ConfirmedAddress:
    """«Да» to the address of this account."""

    account: int


@dataclass(frozen=True)
class Person:
    """Names cleaned, the birth date ISO, the e-mail normalised."""

    last_name: str
    first_name: str
    patronymic: str
    birth_date: str
    email: str


@dataclass(frozen=True)
class SentRequest:
    """A connection request: its number, who asked, and where the answer goes."""

    number: int
    last_name: str
    first_name: str
    patronymic: str
    email: str


@dataclass(frozen=True)
class Registered:
    """What a repeated last POST is measured against."""

    customer: int


@dataclass(frozen=True)
class Registration:
    """One field a step, and what became of those who took another way."""

    phone: GivenPhone | None = None
    code: ConfirmedPhone | None = None
    bill: BillSearch | None = None
    address: ConfirmedAddress | None = None
    person: Person | None = None
    password: Registered | None = None
    request: SentRequest | None = None
    # The number, confirmed, has a customer already: the registration has ended there.
    known_phone: str | None = None

    @property
    def number(self) -> str:
        """The phone given, or empty."""
        return self.phone.number if self.phone else ""


REGISTRATION = Journey(
    "registration",
    Registration,
    (
        Step("phone"),
        Step("code", once=True),
        Step("bill", done=lambda progress, _now: progress.bill is not None and progress.bill.account is not None),
        Step("address"),
        Step("person", typed_only=True),
        Step("password"),
    ),
    # Only after the search has failed for a confirmed phone.
    {"connection": Branch("bill", lambda progress: progress.bill is not None and progress.bill.not_found)},
)


@dataclass(frozen=True)
class KnownPhone:
    """The phone, confirmed a moment ago, has a customer already. `session` is the one that knows it."""

    phone: str
    session: Session | None = None


def end_for_known_phone(session: Session, phone: str) -> KnownPhone:
    """Forget the journey, but not what its code has told: the button may be pressed again."""
    session.progress = {}
    REGISTRATION.put(session, Registration(known_phone=phone))
    by_password.remember_phone(session, phone)
    return KnownPhone(phone, session)
