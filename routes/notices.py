"""What a customer is told once, on the page that an act of theirs leads to: «Лицевой счет добавлен».

A notice waits in a sealed cookie for the page at one path, ten minutes at most, and is deleted when it has been shown.
Nothing in an address can produce one. It is shown only to the customer (or the person of the staff) who was signed in
when it was made, or only to visitors: the next one at this browser is not told what the former one has done.

The texts stand in the fragments, which get the notice's value as `notice`, empty where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from litestar.datastructures import Cookie

from domain.scope import Scope
from routes import sealed_values
from routes.cookies import NOTICE, make_cookie, read_cookie

LIFETIME = timedelta(minutes=10)


class Notice(StrEnum):
    # At the sign-in or the first step of a registration: why the customer is here.
    SESSION_EXPIRED = "session-expired"
    REGISTERED = "registered"
    PHONE_KNOWN = "phone-known"
    PASSWORD_RECOVERED = "password-recovered"  # noqa: S105 - a notice
    CABINET_DELETED = "cabinet-deleted"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    # At the code of an SMS.
    CODE_SENT_AGAIN = "code-sent-again"
    CODE_CALLED = "code-called"
    # At the phone, from there: a picture's code is asked for before another one is sent.
    PICTURE_NEEDED = "picture-needed"
    # At a connection request.
    ANSWER_SENT = "answer-sent"
    # In the profile.
    WELCOME = "welcome"
    NAME_SAVED = "name-saved"
    ACCOUNT_ADDED = "account-added"
    ACCOUNT_REMOVED = "account-removed"
    CARD_LINK_SENT = "card-link-sent"
    CARD_ADDED = "card-added"
    EMAIL_SENT_AGAIN = "email-sent-again"
    # On the security page.
    PASSWORD_SAVED = "password-saved"  # noqa: S105 - a notice
    PHONE_SAVED = "phone-saved"
    EMAIL_LINK_SENT = "email-link-sent"
    SESSIONS_ENDED = "sessions-ended"
    # At /staff.
    REQUEST_TAKEN = "request-taken"
    REQUEST_ASKED = "request-asked"
    REQUEST_REFUSED = "request-refused"
    REQUEST_CONNECTED = "request-connected"
    FILE_REMOVED = "file-removed"
    GATEWAY_HELD = "gateway-held"
    GATEWAY_RELEASED = "gateway-released"
    CUSTOMER_NOT_OPEN = "customer-not-open"
    CUSTOMER_UNLOCKED = "customer-unlocked"
    CUSTOMER_SIGNED_OUT = "customer-signed-out"
    CUSTOMER_MESSAGED = "customer-messaged"
    CUSTOMER_DETACHED = "customer-detached"
    CUSTOMER_DELETED = "customer-deleted"
    STAFF_INVITED = "staff-invited"
    STAFF_REMOVED = "staff-removed"
    FACTOR_ADDED = "factor-added"
    FACTOR_REMOVED = "factor-removed"


def keep(scope: Scope, notice: Notice, path: str, owner: int | str | None) -> Cookie:
    """The cookie in which `notice` waits for the page at `path`; that must be the last redirect."""
    sealed = sealed_values.seal(scope, NOTICE, notice=notice, path=path, customer=owner)
    return make_cookie(scope.settings, NOTICE, sealed, int(LIFETIME.total_seconds()))


def read(scope: Scope, cookies: Mapping[str, str], path: str, owner: int | str | None) -> Notice | None:
    """The notice in the cookies of a request, if it is for this path and this owner."""
    kept = sealed_values.unseal(scope, NOTICE, read_cookie(cookies, scope.settings, NOTICE), LIFETIME)
    if kept is None or (kept["path"], kept["customer"]) != (path, owner):
        return None
    # None for a notice that only another version of the portal knows.
    return next((notice for notice in Notice if notice == kept["notice"]), None)
