"""The way back: where a customer was going when their session had ended, and what they typed there.

It is kept in a sealed cookie until the sign-in, ten minutes at most; no row is written. It belongs to the customer of
the ended session: another customer who signs in at the same browser gets neither the path nor what was typed. What was
typed in a registration belongs to its confirmed number, and is shown once that is confirmed again. Where neither is
known any more, only the path is kept.

In the same way what was typed stays when the language is switched: for the page that comes next, in a cookie of its
own, as the way back must survive that.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from litestar.datastructures import Cookie

from domain.scope import Scope
from domain.sessions import Session
from routes import sealed_values
from routes.cookies import RETURN_TO, TYPED, make_cookie, read_cookie
from routes.own_path import own_path

LIFETIME = timedelta(minutes=10)
# For the one redirect to the same page in another language.
_SWITCH_LIFETIME = timedelta(minutes=1)
# Fields that are never kept, in any form.
SECRETS = {"password", "current_password", "code", "captcha", "next", "picture", "link", "credential", "request_code"}
# Of a sealed value: a browser keeps 4096 bytes of name, value and attributes (RFC 6265, 6.1), and drops what is longer.
_LONGEST = 3800


@dataclass(frozen=True)
class ReturnTo:
    """`customer` is that of the ended session, `phone` the number confirmed in an ended registration.

    `customer` is None where the session had none, or its row has been removed.
    """

    path: str
    typed: dict[str, str]
    customer: int | None = None
    phone: str = ""

    def is_for(self, customer: int | None) -> bool:
        """Whether this customer's sign-in leads back to the path; none leads back into a registration."""
        return not self.phone and self.customer in (None, customer)

    def typed_by(self, customer: int | None, phone: str) -> dict[str, str]:
        """What was typed, for `customer` or the owner of the confirmed `phone` only."""
        return self.typed if (self.phone == phone if self.phone else self.is_for(customer)) else {}

    def path_for(self, session: Session) -> str:
        """The path for the session that has just begun; the profile where the path was another customer's."""
        return own_path(self.path, "/profile") if self.is_for(session.customer) else "/profile"

    def is_used_up_by(self, session: Session) -> bool:
        """Whether it can be deleted now: another customer's, or for a page that comes next and needs no text."""
        return not self.is_for(session.customer) or not (self.typed or session.something_due)


def keep(scope: Scope, path: str, typed: Mapping[str, str], customer: int | None, phone: str = "") -> Cookie:
    """The cookie that keeps `path` and what was `typed` there."""
    kept = typed if customer is not None or phone else {}
    sealed = _sealed(scope, RETURN_TO, kept, path=path, customer=customer, phone=phone)
    return make_cookie(scope.settings, RETURN_TO, sealed, int(LIFETIME.total_seconds()))


def read(scope: Scope, cookies: Mapping[str, str]) -> ReturnTo | None:
    """What the cookies of a request hold; None where there is nothing sealed by the portal, or it is too old."""
    sealed = read_cookie(cookies, scope.settings, RETURN_TO)
    kept = sealed_values.unseal(scope, RETURN_TO, sealed, LIFETIME)
    return ReturnTo(kept["path"], _unpacked(kept["typed"]), kept["customer"], kept["phone"]) if kept else None


def keep_typed(scope: Scope, path: str, typed: Mapping[str, str], whose: str) -> Cookie:
    """The cookie that brings what was typed to the same page in another language; `whose` is that of the page."""
    sealed = _sealed(scope, TYPED, typed, path=path, whose=whose)
    return make_cookie(scope.settings, TYPED, sealed, int(_SWITCH_LIFETIME.total_seconds()))


def read_typed(scope: Scope, cookies: Mapping[str, str], path: str, whose: str) -> dict[str, str] | None:
    """What was typed at `path` in a session of the same owner before the language was switched."""
    sealed = read_cookie(cookies, scope.settings, TYPED)
    kept = sealed_values.unseal(scope, TYPED, sealed, _SWITCH_LIFETIME)
    return _unpacked(kept["typed"]) if kept is not None and (kept["path"], kept["whose"]) == (path, whose) else None


def _sealed(scope: Scope, purpose: str, typed: Mapping[str, str], **values: Any) -> str:
    """With as much of what was typed as there is room for, but no secrets: the longest texts go first."""
    names = sorted(typed.keys() - SECRETS, key=lambda name: len(typed[name]))
    while True:
        kept = _packed({name: typed[name] for name in names})
        sealed = sealed_values.seal(scope, purpose, typed=kept, **values)
        if len(sealed) <= _LONGEST or not names:
            return sealed
        names.pop()


def _packed(typed: dict[str, str]) -> str:
    """A comment of 2000 Russian letters makes 4000 bytes, of which compression leaves some 1300."""
    return base64.b64encode(zlib.compress(json.dumps(typed, ensure_ascii=False).encode())).decode("ascii")


def _unpacked(packed: str) -> dict[str, str]:
    typed: dict[str, str] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return typed
