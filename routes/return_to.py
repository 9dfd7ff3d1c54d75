"""The way back after a sign-in: where a customer was going when their session had ended, and what they typed there.

It is kept in a sealed cookie until the sign-in, ten minutes at most; no row is written. It belongs to the customer of
the ended session: another customer who signs in at the same browser gets neither the path nor what was typed. Where
that customer is not known any more, only the path is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from litestar.datastructures import Cookie

from domain.scope import Scope
from domain.sessions import Session
from routes import sealed_values
from routes.cookies import RETURN_TO, make_cookie, read_cookie
from routes.own_path import own_path

LIFETIME = timedelta(minutes=10)
# Fields that are never kept, in any form.
_SECRETS = {"password", "current_password", "code", "captcha", "next"}
# A cookie holds 4096 bytes (RFC 6265, 6.1), and sealing adds a third.
_LONGEST = 2000


@dataclass(frozen=True)
class ReturnTo:
    """`customer` is that of the ended session; None where it had none, or its row has been removed."""

    path: str
    typed: dict[str, str]
    customer: int | None = None

    def is_for(self, customer: int | None) -> bool:
        return self.customer is None or self.customer == customer

    def typed_by(self, customer: int | None) -> dict[str, str]:
        """What was typed, for `customer` only."""
        return self.typed if self.is_for(customer) else {}

    def path_for(self, session: Session) -> str:
        """The path for the session that has just begun; the profile where the path was another customer's."""
        return own_path(self.path, "/profile") if self.is_for(session.customer) else "/profile"

    def is_used_up_by(self, session: Session) -> bool:
        """Whether it can be deleted now: another customer's, or for a page that comes next and needs no text."""
        return not self.is_for(session.customer) or not (self.typed or session.password_due)


def keep(scope: Scope, path: str, typed: Mapping[str, str], customer: int | None) -> Cookie:
    """The cookie that keeps `path` and what was `typed` there."""
    kept = {name: value for name, value in typed.items() if name not in _SECRETS}
    if customer is None or sum(map(len, kept.values())) > _LONGEST // 2:
        kept = {}
    sealed = sealed_values.seal(scope, RETURN_TO, path=path, typed=kept, customer=customer)
    return make_cookie(scope.settings, RETURN_TO, sealed, int(LIFETIME.total_seconds()))


def read(scope: Scope, cookies: Mapping[str, str]) -> ReturnTo | None:
    """What the cookies of a request hold; None where there is nothing sealed by the portal, or it is too old."""
    sealed = read_cookie(cookies, scope.settings, RETURN_TO)
    kept = sealed_values.unseal(scope, RETURN_TO, sealed, LIFETIME)
    return ReturnTo(kept["path"], kept["typed"], kept["customer"]) if kept else None
