"""A new password for a customer who has forgotten theirs: code by SMS, then the password, then the sign-in."""

from __future__ import annotations

from domain.sign_in.recovery import RECOVERY, Recovery
from routes.journeys import Addresses
from routes.notices import Notice

SIGN_IN = "/sign-in/password"
SIGN_IN_BY_LOGIN = "/sign-in/login"


def _over(progress: Recovery) -> str:
    """The sign-in page on which the new password is typed."""
    return SIGN_IN_BY_LOGIN if progress.login else SIGN_IN


ADDRESSES = Addresses(RECOVERY, "/recovery", "/sign-in/phone", over=_over, over_notice=Notice.PASSWORD_RECOVERED)
