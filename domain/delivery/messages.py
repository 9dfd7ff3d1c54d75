"""Every message that the portal sends, as a dataclass whose fields its templates may use.

`templates/messages/<name>/` holds `sms.txt`, `call.txt` (what is said by telephone), or `subject.txt` and `email.html`,
and the states of the gallery.
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
# Typed by a person of the company.
ByStaff = Annotated[str, Source()]
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
    kind: ClassVar[Literal["sms", "call", "email"]]
    priority: ClassVar[Priority] = "usual"
    # To the staff: in Russian, and without a greeting.
    to_staff: ClassVar[bool] = False
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
class CodeCall(Message):
    """A code dictated by telephone; `purpose` is that of the code (domain/proofs/one_time_codes.py)."""

    name = "code-call"
    kind = "call"
    priority = "code"
    lifetime = "code_lifetime"
    example: ClassVar[Values] = {"code": "483920", "purpose": "registration"}

    code: Made
    purpose: Made


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
    example: ClassVar[Values] = {
        "number": 17, "first_name": "Анна", "answer_days": 3, "code": "k7m4p-qr9wx", "link": _LINK,
    }  # fmt: skip

    number: int
    first_name: TypedName
    answer_days: int
    code: Made = ""
    link: Made = ""


@dataclass(frozen=True)
class ConnectionQuestion(Message):
    """To the person who sent a request: a question of the staff; the answer is typed on the page behind the link."""

    name = "connection-question"
    kind = "email"
    lifetime = 7 * 86400
    example: ClassVar[Values] = {
        "number": 17, "first_name": "Анна", "question": "Укажите номер квартиры", "link": _LINK,
    }  # fmt: skip

    number: int
    first_name: TypedName
    question: ByStaff
    link: Made


@dataclass(frozen=True)
class ConnectionDecided(Message):
    """To the person who sent a request: `outcome` is "attached", "found" (they have to register) or "refused"."""

    name = "connection-decided"
    kind = "email"
    lifetime = 7 * 86400
    example: ClassVar[Values] = {"number": 17, "first_name": "Анна", "outcome": "attached", "link": _LINK}

    number: int
    first_name: TypedName
    outcome: Made
    link: Made


@dataclass(frozen=True)
class ConnectionRequestForStaff(Message):
    """To the staff: everything that was typed, as (label, text) pairs in the order of the screens."""

    name = "connection-request-for-staff"
    kind = "email"
    to_staff = True
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
class AccountEnded(Message):
    """To each customer of an account that has another owner in the company's registry."""

    name = "account-ended"
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


@dataclass(frozen=True)
class DeliveryAlert(Message):
    """To the staff: messages are not sent as they should be, since `since` (ISO, in the portal's zone), or are again.

    `what` is "gateway" (it is set aside), "money" (of which `reason` rubles are left), "codes" (they wait), "sms" or
    "email" (none can be sent).
    """

    name = "delivery-alert"
    kind = "email"
    to_staff = True
    lifetime = 86400
    example: ClassVar[Values] = {
        "what": "gateway", "gateway": "sms.example.org", "reason": "the gateway cannot be reached",
        "since": "2026-09-16T14:32+03:00", "over": False,
    }  # fmt: skip

    what: Made
    gateway: Made
    reason: Made
    since: Made
    over: bool


@dataclass(frozen=True)
class CodesHeldBack(Message):
    """To the staff: how far codes are held back has changed (domain/governor.py), `since` (ISO, in the portal's zone).

    `what` is "portal", "strangers", "range" (of numbers that begin with `of`) or "network" (all of them: in `of` how
    many are held back now). `step` is that of domain/values/sms_steps.py.
    """

    name = "codes-held-back"
    kind = "email"
    to_staff = True
    lifetime = 86400
    example: ClassVar[Values] = {"what": "range", "of": "+79123", "step": 1, "since": "2026-09-16T14:32+03:00"}

    what: Made
    of: Made
    step: int
    since: Made


@dataclass(frozen=True)
class DeliveryTestSms(Message):
    """What `litestar delivery test` sends by each gateway."""

    name = "delivery-test-sms"
    kind = "sms"
    to_staff = True
    lifetime = 600
    example: ClassVar[Values] = {"gateway": "sms.example.org"}

    gateway: Made


@dataclass(frozen=True)
class DeliveryTestEmail(Message):
    """The same by e-mail."""

    name = "delivery-test-email"
    kind = "email"
    to_staff = True
    lifetime = 600
    example: ClassVar[Values] = {"gateway": "mail.example.org"}

    gateway: Made


@dataclass(frozen=True)
class StaffInvitation(Message):
    """To a person of the staff: the link to password and second factor, good once within `good_for` seconds."""

    name = "staff-invitation"
    kind = "email"
    lifetime = "staff_link_lifetime"
    example: ClassVar[Values] = {"link": _LINK, "good_for": 86400}

    link: Made
    good_for: int


# A message is known by its line here.
MESSAGES: tuple[type[Message], ...] = (
    RegistrationCode,
    RecoveryCode,
    CodeCall,
    PasswordChanged,
    EmailConfirmation,
    ConnectionRequestReceived,
    ConnectionRequestForStaff,
    ConnectionQuestion,
    ConnectionDecided,
    AccountShared,
    AccountLost,
    AccountEnded,
    PhoneChangeCode,
    PhoneChanged,
    EmailChange,
    EmailChanged,
    CabinetDeleted,
    CardRegistration,
    CardPassword,
    CardAddition,
    DeliveryAlert,
    CodesHeldBack,
    DeliveryTestSms,
    DeliveryTestEmail,
    StaffInvitation,
)
