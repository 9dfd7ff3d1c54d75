"""All handlers of the portal, and those that exist while developing only."""

from routes import health, legal, session_note
from routes.email import confirmation
from routes.profile import accounts, data, overview
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
from routes.sign_in import login as sign_in_login
from routes.sign_in import password as sign_in_password
from routes.sign_in import phone as sign_in_phone

HANDLERS = [
    handler
    for module in (
        sign_in_phone,
        sign_in_login,
        sign_in_password,
        recovery_start,
        recovery_code,
        recovery_password,
        choice,
        phone,
        code,
        bill,
        address,
        person,
        password,
        connection,
        confirmation,
        overview,
        accounts,
        data,
        security_overview,
        security_confirmation,
        security_password,
        security_phone,
        security_email,
        legal,
        session_note,
        health,
    )
    for handler in module.handlers
]
