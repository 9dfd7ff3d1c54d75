"""All handlers of the portal."""

from collections.abc import Sequence

from litestar.handlers import HTTPRouteHandler

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
from routes.registration.account import address, bill, code, connection, password, person, phone
from routes.registration.card import card
from routes.registration.card import password as card_password
from routes.registration.card import phone as card_phone
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
_OF_TRACK = {
    "account": (phone, code, bill, address, person, password, connection),
    "card": (card, card_phone, card_password),
}


def handlers_of(settings: Settings) -> Sequence[HTTPRouteHandler]:
    """Every handler of the portal; the registration of a track that is off does not exist."""
    modules = [*_ALWAYS, *(module for track in settings.tracks for module in _OF_TRACK[track])]
    return [handler for module in modules for handler in module.handlers]
