"""All handlers of the portal, and those that exist while developing only."""

from routes import health, legal
from routes.email import confirmation
from routes.profile import overview
from routes.registration import choice
from routes.registration.account import address, bill, code, connection, password, person, phone
from routes.sign_in import password as sign_in_password
from routes.sign_in import phone as sign_in_phone

HANDLERS = [
    handler
    for module in (
        sign_in_phone,
        sign_in_password,
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
        legal,
        health,
    )
    for handler in module.handlers
]
