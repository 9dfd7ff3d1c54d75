"""Every message that the portal sends, as a dataclass whose fields its templates may use.

`templates/messages/<name>/` holds `sms.txt`, or `subject.txt`, `email.txt` and `email.html`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from domain.values.people import read_name


@dataclass(frozen=True)
class Source:
    """Where a text of a message comes from. A stranger must not be able to write a link or a line of their own into it.

    `read` is the rule that a typed text has passed; other texts are written by the portal (`ours`) or the company.
    """

    read: Callable[[str], str | None] | None = None
    ours: bool = False


Values = Mapping[str, Any]
# Which messages go first: codes, which a customer waits for before the screen; what many get at once goes last.
Priority = Literal["code", "usual", "mass"]
PRIORITIES: tuple[Priority, ...] = ("code", "usual", "mass")
# Made or masked by the portal.
Made = Annotated[str, Source(ours=True)]
# Imported from the company's registry; sent only to addresses confirmed by the registry or the customer.
Imported = Annotated[str, Source()]
# The name in the greeting.
TypedName = Annotated[str, Source(read_name)]
# Pairs of a label and a typed text; for the staff only.
Typed = Annotated[list[tuple[str, str]], Source()]


@dataclass(frozen=True)
class Message:
    """`name` is the folder of its templates; each text among the fields says where it comes from.

    `example` are values as a customer could get them: tests draw every message with them.
    `lifetime` is after how many seconds it is not sent any more, or the name of the setting with the lifetime of the
    code or link in it. A `code` may also arrive twice rather than never; no other message may.
    """

    name: ClassVar[str]
    kind: ClassVar[Literal["sms", "email"]]
    priority: ClassVar[Priority] = "usual"
    lifetime: ClassVar[int | str]
    example: ClassVar[Values]

    def values(self) -> dict[str, Any]:
        """The values for the templates; all of them can be written as JSON."""
        return asdict(self)

    @classmethod
    def of_example(cls) -> Self:
        return cls(**cls.example)


_LINK = "https://kabinet.example.org/email/confirmation/abc?x=1"


@dataclass(frozen=True)
class RegistrationCode(Message):
    """The code that confirms a phone at registration; it is valid for `good_for` seconds."""

    name = "registration-code"
    kind = "sms"
    priority = "code"
    lifetime = "code_lifetime"
    example: ClassVar[Values] = {"code": "483920", "good_for": 600}

    code: Made
    good_for: int


@dataclass(frozen=True)
class RecoveryCode(Message):
    """The code that allows a new password."""

    name = "recovery-code"
    kind = "sms"
    priority = "code"
    lifetime = "code_lifetime"
    example: ClassVar[Values] = {"code": "483920", "good_for": 600}

    code: Made
    good_for: int


@dataclass(frozen=True)
class PasswordChanged(Message):
    """To the e-mail of a customer with a new password; `at` is ISO, in the portal's zone."""

    name = "password-changed"
    kind = "email"
    lifetime = 3 * 86400
    example: ClassVar[Values] = {"first_name": "Анна", "at": "2026-09-16T14:32+03:00", "link": _LINK}

    first_name: TypedName
    at: Made
    link: Made


@dataclass(frozen=True)
class EmailConfirmation(Message):
    """The link that confirms an address; the link is valid for `good_for` seconds."""

    name = "email-confirmation"
    kind = "email"
    lifetime = "email_link_lifetime"
    example: ClassVar[Values] = {"first_name": "Анна", "link": _LINK, "good_for": 259200}

    first_name: TypedName
    link: Made
    good_for: int


@dataclass(frozen=True)
class ConnectionRequestReceived(Message):
    """To the person who sent a «Заявка на подключение»: its number, and in how many working days it is answered."""

    name = "connection-request-received"
    kind = "email"
    lifetime = 3 * 86400
    example: ClassVar[Values] = {"number": 17, "first_name": "Анна", "answer_days": 3}

    number: int
    first_name: TypedName
    answer_days: int


@dataclass(frozen=True)
class ConnectionRequestForStaff(Message):
    """To the staff: everything that was typed, as (label, text) pairs in the order of the screens."""

    name = "connection-request-for-staff"
    kind = "email"
    lifetime = 7 * 86400
    example: ClassVar[Values] = {"number": 17, "entries": [("Фамилия", "Иванова"), ("Комментарий", "")]}

    number: int
    entries: Typed


@dataclass(frozen=True)
class AccountShared(Message):
    """To each customer of an account that has just been added by one more."""

    name = "account-shared"
    kind = "email"
    lifetime = 3 * 86400
    example: ClassVar[Values] = {"first_name": "Анна", "account_number": "7000000111", "address": "ул. Тихая, 5"}

    first_name: TypedName
    account_number: Imported
    address: Imported


@dataclass(frozen=True)
class AccountLost(Message):
    """To each customer of an account that the company's registry no longer has."""

    name = "account-lost"
    kind = "email"
    priority = "mass"
    lifetime = 3 * 86400
    example: ClassVar[Values] = {"first_name": "Анна", "account_number": "7000000111", "address": "ул. Тихая, 5"}

    first_name: TypedName
    account_number: Imported
    address: Imported


@dataclass(frozen=True)
class PhoneChangeCode(Message):
    """The code that proves a new phone."""

    name = "phone-change-code"
    kind = "sms"
    priority = "code"
    lifetime = "code_lifetime"
    example: ClassVar[Values] = {"code": "483920", "good_for": 600}

    code: Made
    good_for: int


@dataclass(frozen=True)
class PhoneChanged(Message):
    """To the former phone; `new_phone` is masked."""

    name = "phone-changed"
    kind = "sms"
    lifetime = 86400
    example: ClassVar[Values] = {"new_phone": "+7 912 ···-··-89"}

    new_phone: Made


@dataclass(frozen=True)
class EmailChange(Message):
    """To the new address: the link that makes it the customer's."""

    name = "email-change"
    kind = "email"
    lifetime = "email_link_lifetime"
    example: ClassVar[Values] = {"first_name": "Анна", "link": _LINK, "good_for": 259200}

    first_name: TypedName
    link: Made
    good_for: int


@dataclass(frozen=True)
class EmailChanged(Message):
    """To the former address; `new_email` is masked."""

    name = "email-changed"
    kind = "email"
    lifetime = 3 * 86400
    example: ClassVar[Values] = {"first_name": "Анна", "new_email": "i···a@example.org"}

    first_name: TypedName
    new_email: Made


@dataclass(frozen=True)
class CabinetDeleted(Message):
    """To a customer who has deleted their cabinet."""

    name = "cabinet-deleted"
    kind = "email"
    lifetime = 3 * 86400
    example: ClassVar[Values] = {"first_name": "Анна"}

    first_name: TypedName


@dataclass(frozen=True)
class CardRegistration(Message):
    """To the e-mail bound to a card: the login, and the link to step two. `renewed`: a former link is void."""

    name = "card-registration"
    kind = "email"
    lifetime = "card_link_lifetime"
    example: ClassVar[Values] = {"login": "tk1001", "link": _LINK, "good_for": 86400, "renewed": True}

    login: Imported
    link: Made
    good_for: int
    renewed: bool


@dataclass(frozen=True)
class CardPassword(Message):
    """The password of the card track, good for one sign-in within `good_for` seconds."""

    name = "card-password"
    kind = "sms"
    lifetime = "sms_password_lifetime"
    example: ClassVar[Values] = {"password": "k7m4pqr9wx", "good_for": 259200}

    password: Made
    good_for: int


@dataclass(frozen=True)
class CardAddition(Message):
    """To the e-mail bound to a card: the link that adds it to a customer. `renewed`: a former link is void."""

    name = "card-addition"
    kind = "email"
    lifetime = "card_link_lifetime"
    example: ClassVar[Values] = {"last_four": "0013", "link": _LINK, "good_for": 86400, "renewed": True}

    last_four: Imported
    link: Made
    good_for: int
    renewed: bool


# A message is known by its line here.
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
