"""What every use case gets, as one value: the settings, the keys, who asks, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.passwords import Hasher
from domain.picture_limits import PictureLimits
from domain.portal import Portal
from domain.values.people import fold_email, fold_login
from settings import Settings


@dataclass(frozen=True)
class Client:
    """Who sends a request: the session cookie's value, if any; address and browser, for the journal; the language."""

    token: str | None
    ip: str
    user_agent: str
    language: str = "ru"
    # The device cookie as it was sent (domain/device_cookies.py).
    device: str | None = None


# For work without a request: imports, housekeeping.
NOBODY = Client(None, "", "")


@dataclass(frozen=True)
class Scope:
    """`now` (UTC) is the time of the request: everything is compared with it."""

    portal: Portal
    client: Client
    now: datetime

    @property
    def settings(self) -> Settings:
        return self.portal.settings

    @property
    def hasher(self) -> Hasher:
        return self.portal.hasher

    @property
    def pictures(self) -> PictureLimits:
        return self.portal.pictures

    def seal(self, value: Any) -> str:
        """Encrypted, for a column or a cookie."""
        return self.portal.sealing.seal(value)

    def unseal(self, sealed: str) -> Any:
        """Raises ValueError where it was not sealed with these keys."""
        return self.portal.sealing.unseal(sealed)

    def keyed_hash(self, purpose: str, value: str) -> str:
        """A hash to find a value by without storing it; equal values of two purposes have different hashes."""
        return self.portal.sealing.keyed_hash(purpose, value)

    def keyed_hashes(self, purpose: str, value: str) -> tuple[str, ...]:
        """All hashes that rows may have of a value: two while KABINET_SECRET is being replaced."""
        return self.portal.sealing.keyed_hashes(purpose, value)

    # The first of each pair is for a row that is written, the second for rows that are looked for.

    def phone_hash(self, phone: str) -> str:
        return self.keyed_hash("phone", phone)

    def phone_hashes(self, phone: str) -> tuple[str, ...]:
        return self.keyed_hashes("phone", phone)

    def email_hash(self, email: str) -> str:
        """Equal for two spellings of one address."""
        return self.keyed_hash("email", fold_email(email))

    def email_hashes(self, email: str) -> tuple[str, ...]:
        return self.keyed_hashes("email", fold_email(email))

    def login_hash(self, login: str) -> str:
        return self.keyed_hash("login", fold_login(login))

    def login_hashes(self, login: str) -> tuple[str, ...]:
        return self.keyed_hashes("login", fold_login(login))

    def card_hashes(self, number: str) -> tuple[str, ...]:
        """Rows with the hash of a card are written by imports alone."""
        return self.keyed_hashes("card", number)
