"""Registration by card: card and e-mail, a link, the phone, a password by SMS. The progress is in the link's row."""

BASE = "/registration/card"
FOLDER = "registration/card"
