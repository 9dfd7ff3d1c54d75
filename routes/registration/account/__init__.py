"""Registration by account. The order of the steps is in domain/registration/progress.py."""

from __future__ import annotations

from domain.registration.progress import REGISTRATION
from routes.journeys import Addresses
from routes.notices import Notice

FOLDER = "registration/account"
ADDRESSES = Addresses(
    REGISTRATION,
    f"/{FOLDER}",
    f"/{FOLDER}/phone",
    # The customer is registered, but the answer with the cookie of their session was lost.
    over=lambda _progress: "/sign-in/phone",
    over_notice=Notice.REGISTERED,
)
