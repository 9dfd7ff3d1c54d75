"""Sign-in: two tabs where both tracks are on."""

from __future__ import annotations

from domain.sign_in.by_password import SIGN_IN
from routes.journeys import Addresses

ADDRESSES = Addresses(SIGN_IN, "/sign-in", "/sign-in/phone")
