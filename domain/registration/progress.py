"""Registration by account: its steps, and the progress that each of them adds. It is kept encrypted in the session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.consents import ConsentText
from domain.journey import Branch, Journey, Step
from domain.proofs.bill_proof import Bill
from domain.sessions import Session
from domain.sign_in import by_password


@dataclass(frozen=True)
class Consent:
    """When and from where the box was ticked."""

    text: ConsentText
    at: datetime
    ip: str


@dataclass(frozen=True)
class GivenPhone:
    """E.164. `codes` is how many were sent there."""

    number: str
    consent: Consent
    codes: int = 0


@dataclass(frozen=True)
class ConfirmedPhone:
    """`consent` is the id of its row, which is written when the phone is confirmed."""

    consent: int


@dataclass(frozen=True)
class BillSearch:
    """What was typed, and the id of the account that has this bill; `not_found` where none has."""

    bill: Bill
    account: int | None = None
    not_found: bool = False


@dataclass(frozen=True)
class ConfirmedAddress:
    """The id of the account whose address was answered with «Да»."""

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
    """Kept for ten minutes, in case the last POST is sent again."""

    customer: int


@dataclass(frozen=True)
class Registration:
    """A field for each step; `request` and `known_phone` for a registration that ended in another way."""

    phone: GivenPhone | None = None
    code: ConfirmedPhone | None = None
    bill: BillSearch | None = None
    address: ConfirmedAddress | None = None
    person: Person | None = None
    password: Registered | None = None
    request: SentRequest | None = None
    # The row of the session of this browser that ended in a registration: what was typed there is there again once the
    # same number is confirmed.
    former: int | None = None
    # Typed before that end, for the form: the customer sends it again.
    typed_person: Person | None = None
    # The confirmed number, where it has a customer already: the registration has ended.
    known_phone: str | None = None

    @property
    def number(self) -> str:
        """The phone, or empty."""
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
    # Only for a confirmed phone, after no account was found.
    {"connection": Branch("bill", lambda progress: progress.bill is not None and progress.bill.not_found)},
)


@dataclass(frozen=True)
class KnownPhone:
    """The phone is confirmed and has a customer already. `session`, if any, remembers it for the sign-in."""

    phone: str
    session: Session | None = None


def end_for_known_phone(session: Session, phone: str) -> KnownPhone:
    """Forget the progress but for the phone that has a customer: the button may be pressed again."""
    session.progress = {}
    REGISTRATION.put(session, Registration(known_phone=phone))
    by_password.remember_phone(session, phone)
    return KnownPhone(phone, session)
