"""All handlers of the portal: of every route file here, and of every step of the registrations."""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from litestar.handlers import HTTPRouteHandler

from domain.journey import Journey
from domain.registration.by_card import REGISTRATION_BY_CARD
from domain.registration.progress import REGISTRATION
from routes import captcha, language, legal, session_expiry
from routes.email import confirmation
from routes.profile import accounts, cards, data, overview
from routes.profile.security import confirmation as security_confirmation
from routes.profile.security import email as security_email
from routes.profile.security import overview as security_overview
from routes.profile.security import password as security_password
from routes.profile.security import phone as security_phone
from routes.recovery import code as recovery_code
from routes.recovery import password as recovery_password
from routes.recovery import start as recovery_start
from routes.registration import choice
from routes.sign_in import login as sign_in_login
from routes.sign_in import password as sign_in_password
from routes.sign_in import phone as sign_in_phone
from settings import Settings

_ALWAYS = (
    sign_in_phone,
    sign_in_login,
    sign_in_password,
    recovery_start,
    recovery_code,
    recovery_password,
    choice,
    confirmation,
    overview,
    accounts,
    cards,
    data,
    security_overview,
    security_confirmation,
    security_password,
    security_phone,
    security_email,
    captcha,
    language,
    legal,
    session_expiry,
)
# A step of a registration has no line here: its route file is named by its slug.
_JOURNEY_OF_TRACK: Mapping[str, Journey[Any]] = {"account": REGISTRATION, "card": REGISTRATION_BY_CARD}


def handlers_of(settings: Settings) -> Sequence[HTTPRouteHandler]:
    """Every handler of the portal; the registration of a track that is off does not exist."""
    return _handlers([*_ALWAYS, *(module for track in settings.tracks for module in _steps(track))])


def every_handler() -> Sequence[HTTPRouteHandler]:
    """Those of all tracks, whichever are on."""
    return _handlers([*_ALWAYS, *(module for track in _JOURNEY_OF_TRACK for module in _steps(track))])


def _steps(track: str) -> Iterator[ModuleType]:
    journey = _JOURNEY_OF_TRACK[track]
    for slug in (*journey.slugs, *journey.branches):
        yield import_module(f"routes.registration.{track}.{slug}")


def _handlers(modules: Sequence[ModuleType]) -> Sequence[HTTPRouteHandler]:
    return [handler for module in modules for handler in module.handlers]
