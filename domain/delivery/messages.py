"""Every message the portal sends, as a dataclass: what its templates may name.

`templates/messages/<name>/` holds `sms.txt`, or `subject.txt`, `email.txt` and `email.html`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True)
class Message:
    """`name` is the folder of its templates.

    `lifetime` is seconds after which it is not worth sending, or the setting that says for how long what it carries
    is good: a code or a link that has expired is not sent.
    """

    name: ClassVar[str]
    kind: ClassVar[Literal["sms", "email"]]
    lifetime: ClassVar[int | str]

    def values(self) -> dict[str, Any]:
        """What the templates see; JSON can say all of it."""
        return asdict(self)


@dataclass(frozen=True)
class RegistrationCode(Message):
    """The code that confirms a phone at registration; `good_for` is for how many seconds."""

    name = "registration-code"
    kind = "sms"
    lifetime = "code_lifetime"

    code: str
    good_for: int


@dataclass(frozen=True)
class RecoveryCode(Message):
    """The code that allows a new password."""

    name = "recovery-code"
    kind = "sms"
    lifetime = "code_lifetime"

    code: str
    good_for: int


@dataclass(frozen=True)
class PasswordChanged(Message):
    """To the e-mail of a customer with a new password; `at` is ISO, in the portal's zone."""

    name = "password-changed"
    kind = "email"
    lifetime = 3 * 86400

    first_name: str
    at: str
    link: str


@dataclass(frozen=True)
class EmailConfirmation(Message):
    """The link that confirms an address; `first_name` greets, the link is good for `good_for` seconds."""

    name = "email-confirmation"
    kind = "email"
    lifetime = "email_link_lifetime"

    first_name: str
    link: str
    good_for: int


@dataclass(frozen=True)
class ConnectionRequestReceived(Message):
    """To the person who sent a «Заявка на подключение»: its number."""

    name = "connection-request-received"
    kind = "email"
    lifetime = 3 * 86400

    number: int
    first_name: str


@dataclass(frozen=True)
class ConnectionRequestForStaff(Message):
    """To the staff: everything that was typed, as (label, text) pairs in the order of the screens."""

    name = "connection-request-for-staff"
    kind = "email"
    lifetime = 7 * 86400

    number: int
    entries: list[tuple[str, str]]


@dataclass(frozen=True)
class AccountShared(Message):
    """To each customer of an account that has just been added by one more."""

    name = "account-shared"
    kind = "email"
    lifetime = 3 * 86400

    first_name: str
    account_number: str
    address: str


@dataclass(frozen=True)
class AccountLost(Message):
    """To each customer of an account that the company's registry no longer has."""

    name = "account-lost"
    kind = "email"
    lifetime = 3 * 86400

    first_name: str
    account_number: str
    address: str


@dataclass(frozen=True)
class PhoneChangeCode(Message):
    """The code that proves a new phone."""

    name = "phone-change-code"
    kind = "sms"
    lifetime = "code_lifetime"

    code: str
    good_for: int


@dataclass(frozen=True)
class PhoneChanged(Message):
    """To the former phone; `new_phone` is masked."""

    name = "phone-changed"
    kind = "sms"
    lifetime = 86400

    new_phone: str


@dataclass(frozen=True)
class EmailChange(Message):
    """To the new address: the link that makes it the customer's."""

    name = "email-change"
    kind = "email"
    lifetime = "email_link_lifetime"

    first_name: str
    link: str
    good_for: int


@dataclass(frozen=True)
class EmailChanged(Message):
    """To the former address; `new_email` is masked."""

    name = "email-changed"
    kind = "email"
    lifetime = 3 * 86400

    first_name: str
    new_email: str


@dataclass(frozen=True)
class CabinetDeleted(Message):
    """To a customer who has deleted their cabinet."""

    name = "cabinet-deleted"
    kind = "email"
    lifetime = 3 * 86400

    first_name: str


@dataclass(frozen=True)
class CardRegistration(Message):
    """To the e-mail bound to a card: the login, and the link to step two. `renewed`: a former link is void."""

    name = "card-registration"
    kind = "email"
    lifetime = "card_link_lifetime"

    login: str
    link: str
    good_for: int
    renewed: bool


@dataclass(frozen=True)
class CardPassword(Message):
    """The password of the card track, good for one sign-in within `good_for` seconds."""

    name = "card-password"
    kind = "sms"
    lifetime = "sms_password_lifetime"

    password: str
    good_for: int


@dataclass(frozen=True)
class CardAddition(Message):
    """To the e-mail bound to a card: the link that adds it to a customer. `renewed`: a former link is void."""

    name = "card-addition"
    kind = "email"
    lifetime = "card_link_lifetime"

    last_four: str
    link: str
    good_for: int
    renewed: bool


MESSAGES: tuple[type[Message], ...] = (
    RegistrationCode,
    RecoveryCode,
    PasswordChanged,
    EmailConfirmation,
    ConnectionRequestReceived,
    ConnectionRequestForStaff,
    AccountShared,
    AccountLost,
    PhoneChangeCode,
    PhoneChanged,
    EmailChange,
    EmailChanged,
    CabinetDeleted,
    CardRegistration,
    CardPassword,
    CardAddition,
)
