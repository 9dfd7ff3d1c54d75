"""Registration by card: card and e-mail, a link, the phone, a password by SMS. The link carries its own state."""

BASE = "/registration/card"
FOLDER = "registration/card"
