"""Every expected "no", as a code. The texts stand in templates/partials/errors.html."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Code(StrEnum):
    """An error that a customer may see; each has one text."""

    # The form of what was typed
    REQUIRED = "required"
    TOO_LONG = "too_long"
    PHONE_EMPTY = "phone_empty"
    PHONE_TAKEN = "phone_taken"
    PHONE_SAME = "phone_same"
    PHONE_WRONG = "phone_wrong"
    PHONE_NOT_RUSSIAN = "phone_not_russian"
    PHONE_FOREIGN = "phone_foreign"
    CONSENT_MISSING = "consent_missing"
    CODE_EMPTY = "code_empty"
    CODE_UNREADABLE = "code_unreadable"
    PERIOD_EMPTY = "period_empty"
    ACCOUNT_NUMBER_EMPTY = "account_number_empty"
    ACCOUNT_NUMBER_WRONG = "account_number_wrong"
    AMOUNT_EMPTY = "amount_empty"
    AMOUNT_WRONG = "amount_wrong"
    NAME_WRONG = "name_wrong"
    BIRTH_DATE_WRONG = "birth_date_wrong"
    BIRTH_DATE_NO_DAY = "birth_date_no_day"
    EMAIL_WRONG = "email_wrong"
    LOGIN_EMPTY = "login_empty"
    PASSWORD_EMPTY = "password_empty"  # noqa: S105 - a code, not a password
    PASSWORD_RULES_BROKEN = "password_rules_broken"  # noqa: S105
    CARD_EMPTY = "card_empty"
    CARD_WRONG = "card_wrong"
    CARD_DOUBTFUL = "card_doubtful"
    EMAIL_EMPTY = "email_empty"
    CAPTCHA_EMPTY = "captcha_empty"
    CAPTCHA_UNREADABLE = "captcha_unreadable"
    FACTOR_EMPTY = "factor_empty"
    REASON_EMPTY = "reason_empty"
    QUESTION_EMPTY = "question_empty"
    ANSWER_EMPTY = "answer_empty"
    REQUEST_NUMBER_EMPTY = "request_number_empty"
    REQUEST_CODE_EMPTY = "request_code_empty"
    ACCOUNT_EMPTY = "account_empty"
    SEARCH_EMPTY = "search_empty"
    # What it means
    CODE_WRONG = "code_wrong"
    CODE_EXPIRED = "code_expired"
    CODE_EXHAUSTED = "code_exhausted"
    RESEND_EARLY = "resend_early"
    BILL_UNKNOWN = "bill_unknown"
    BILL_TOO_OFTEN = "bill_too_often"
    REQUEST_TOO_OFTEN = "request_too_often"
    ALREADY_ATTACHED = "already_attached"
    CAPTCHA_WRONG = "captcha_wrong"
    CARD_MISMATCH = "card_mismatch"
    CARD_TOO_OFTEN = "card_too_often"
    CARD_EMAIL_EARLY = "card_email_early"
    CARD_PHONE_WRONG = "card_phone_wrong"
    HOLDER_REGISTERED = "holder_registered"
    CARD_ATTACHED = "card_attached"
    SMS_PASSWORD_EXPIRED = "sms_password_expired"  # noqa: S105
    PASSWORD_WRONG = "password_wrong"  # noqa: S105
    SIGN_IN_WRONG = "sign_in_wrong"
    SIGN_IN_LOCKED = "sign_in_locked"
    EMAIL_SAME = "email_same"
    EMAIL_UNCONFIRMED = "email_unconfirmed"
    EMAIL_EARLY = "email_early"
    # Of the staff
    FACTOR_WRONG = "factor_wrong"
    FACTOR_USED = "factor_used"
    FACTOR_LAST = "factor_last"
    PASSKEY_WRONG = "passkey_wrong"
    STAFF_KNOWN = "staff_known"
    REQUEST_CHANGED = "request_changed"
    ACCOUNT_UNKNOWN = "account_unknown"
    FILE_EMPTY = "file_empty"
    FILE_TOO_LARGE = "file_too_large"
    FILE_UNREADABLE = "file_unreadable"
    REMOVAL_NUMBER_WRONG = "removal_number_wrong"
    JOB_CHANGED = "job_changed"
    CUSTOMER_UNKNOWN = "customer_unknown"
    SEARCH_TOO_OFTEN = "search_too_often"
    DAYS_WRONG = "days_wrong"
    # Of a connection request, to its sender
    REQUEST_UNKNOWN = "request_unknown"
    REQUEST_TRIED_TOO_OFTEN = "request_tried_too_often"


@dataclass(frozen=True)
class Refused:
    """The refusal of a use case: `field` is the field it is about, `at` when to try again.

    `left` is how many tries are left, where tries are counted; `digits` how many a code has; `countries` (ISO codes)
    are those whose numbers get an SMS.
    """

    code: Code
    field: str = ""
    at: datetime | None = None
    left: int | None = None
    digits: int = 0
    countries: tuple[str, ...] = ()

    @property
    def of_nothing(self) -> bool:
        """Whether only something has to be typed, chosen or ticked."""
        return self.code is Code.REQUIRED or self.code.value.endswith(("_empty", "_missing"))


@dataclass(frozen=True)
class SessionExpired:
    """The session that the step needs has ended."""


@dataclass(frozen=True)
class WrongStep:
    """The step cannot be taken now; the customer is redirected to the one they are really at."""


@dataclass(frozen=True)
class PasswordNeeded:
    """The password must be typed again: the last time was too long ago, or before a change of password or phone."""


@dataclass(frozen=True)
class HolderRegistered:
    """The holder of the card has registered and has a password."""


@dataclass(frozen=True)
class LoginTaken:
    """The registry gives the holder of the card a login that another holder has: only the company can correct that."""
