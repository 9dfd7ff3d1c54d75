"""What a registration by account knows so far. It lives in the session, encrypted."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from domain.refusals import KnownPhone, OutOfTurn
from domain.sessions import Visit

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

    @property
    def person_given(self) -> bool:
        return bool(self.birth_date)


def registration_of(visit: Visit | None) -> Registration:
    known = visit.progress.get(_KEY, {}) if visit else {}
    names = {f.name for f in fields(Registration)}
    return Registration(**{name: value for name, value in known.items() if name in names})


def put_into(visit: Visit, registration: Registration) -> None:
    visit.progress[_KEY] = asdict(registration)


def end_for_known_phone(visit: Visit, phone: str) -> KnownPhone:
    """Forget the journey, but not what its code has told: the button may be pressed again."""
    visit.progress = {_KNOWN_PHONE: phone}
    return KnownPhone(phone)


def out_of_turn(visit: Visit) -> KnownPhone | OutOfTurn:
    """What to answer to a step that cannot be taken now."""
    phone = "" if registration_of(visit).phone else visit.progress.get(_KNOWN_PHONE, "")
    return KnownPhone(phone) if phone else OutOfTurn()


def only(registration: Registration) -> dict[str, Any]:
    """A progress that holds nothing but this registration."""
    return {_KEY: asdict(registration)}
