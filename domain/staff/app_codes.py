"""Codes of an authenticator app (TOTP, RFC 6238), and recovery codes for a person who has lost it."""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from datetime import datetime

import pyotp

from db import staff
from domain.scope import Scope
from domain.values.typed_codes import read_code

DIGITS = 6
_STEP = 30
# A clock may be one step off, either way (RFC 6238, 5.2).
_OFF = (0, -1, 1)
# Without letters and digits that are taken for each other; ten of 31 are 49 bits.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH, _COUNT = 10, 10


def new_secret() -> str:
    return pyotp.random_base32()


def address_of(secret: str, email: str, company: str) -> str:
    """The address that a QR code gives to the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=company)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step that `code` is of; None where it is of none that is near."""
    typed, app = read_code(code, DIGITS), pyotp.TOTP(secret)
    if typed is None:
        return None
    step = int(now.timestamp()) // _STEP
    return next((step + off for off in _OFF if hmac.compare_digest(app.generate_otp(step + off), typed)), None)


def new_recovery_codes() -> list[str]:
    made = ["".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(_COUNT)]
    return [f"{code[:5]}-{code[5:]}" for code in made]


async def save_recovery_codes(scope: Scope, person: int, codes: list[str]) -> None:
    """In place of the former ones."""
    await staff.put_recovery_codes(person, [scope.keyed_hash(*_hashed(person, code)) for code in codes])


async def use_recovery_code(scope: Scope, person: int, code: str) -> bool:
    return await staff.use_recovery_code(person, scope.keyed_hashes(*_hashed(person, code)))


def _hashed(person: int, code: str) -> tuple[str, str]:
    """What the hash is of: the code however it was typed: capitals, spaces and dashes do not count."""
    plain = "".join(char for char in unicodedata.normalize("NFKC", code).lower() if char.isalnum())
    return "staff recovery code", f"{person}\0{plain}"
