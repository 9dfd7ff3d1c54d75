"""Which steps of journeys were sent, how, and with which errors: counted for the staff's summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from litestar.handlers import HTTPRouteHandler

from domain.portal import Portal
from domain.refusals import Refused
from domain.usage_counts import What

# The steps by the names of their handlers, in their order, and those that may be taken in place of another one.
JOURNEYS: Mapping[str, tuple[str, ...]] = {
    "registration": tuple(
        f"registration.account.{step}"
        for step in ("phone", "code", "bill", "connection", "address", "person", "password")
    ),
    "card-registration": tuple(f"registration.card.{step}" for step in ("card", "phone.link", "phone", "password")),
    "sign-in": ("sign_in.phone", "sign_in.password", "sign_in.login"),
    "recovery": ("recovery.phone", "recovery.code", "recovery.password"),
    "account-addition": ("profile.accounts.new", "profile.accounts.connection"),
    "card-addition": ("profile.cards.new", "profile.cards.confirmation.link", "profile.cards.confirmation"),
    "phone-change": ("profile.security.phone", "profile.security.phone.code"),
    "email-change": ("profile.security.email", "email.confirmation.link", "email.confirmation"),
}
BY_SCRIPT, WITHOUT_SCRIPT = "script", "no-script"
# Where a session that has ended leads to, or one whose password has to be typed again.
_ASIDE = {"/", "/sign-in/phone", "/profile/security/confirmation"}
_PLACES = {name: (journey, place) for journey, steps in JOURNEYS.items() for place, name in enumerate(steps)}
_SUBMIT = ".submit"
_SEE_OTHER, _REFUSED = 303, 422


def steps_among(handlers: Iterable[HTTPRouteHandler]) -> Mapping[str, str]:
    """The names of steps by the templates of their routes."""
    return {
        path: name
        for handler in handlers
        if (name := (handler.name or "").removesuffix(_SUBMIT)) in _PLACES and (handler.name or "").endswith(_SUBMIT)
        for path in handler.paths
    }


def count_step(state: Any, route: str, status: int, location: str, *, by_script: bool) -> None:
    """An answer to a form that was sent. It was taken where it does not lead back."""
    steps: Mapping[str, str] = state.steps
    if (name := steps.get(route)) is None or status not in {_SEE_OTHER, _REFUSED}:
        return
    portal: Portal = state.portal
    portal.usage.add(What.FORM, BY_SCRIPT if by_script else WITHOUT_SCRIPT)
    if status == _SEE_OTHER and not _leads_back(name, route, steps, urlsplit(location).path):
        portal.usage.add(What.STEP, name)


def _leads_back(name: str, route: str, steps: Mapping[str, str], path: str) -> bool:
    journey, place = _PLACES[name]
    there = _PLACES.get(steps.get(path, ""))
    # The first step of a sign-in is where others begin again; its own last ones lead past it.
    return path in _ASIDE or path == route or (there is not None and there[0] == journey and there[1] <= place)


def count_errors(portal: Portal, handler: str | None, errors: Mapping[str, Iterable[Refused]]) -> None:
    """The errors that a step is shown with: each once, by its code."""
    if (name := (handler or "").removesuffix(_SUBMIT)) in _PLACES:
        for code in {refused.code for of_field in errors.values() for refused in of_field}:
            portal.usage.add(What.ERROR, f"{name} {code}")
