"""Reads the text of a form into a pydantic model, or into all errors at once: codes by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Generic, Self, TypeVar

from litestar import Request
from litestar.enums import RequestEncodingType
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from domain.proofs import captcha
from domain.refusals import Code, Refused
from domain.values.account_numbers import read_typed_account_number
from domain.values.card_numbers import read_card_number
from domain.values.money import read_typed_amount
from domain.values.people import clean_text, is_no_day, read_birth_date, read_email, read_name, with_capitals
from domain.values.periods import read_period
from domain.values.phones import is_foreign, read_phone
from domain.values.typed_codes import read_code
from routes.incoming import fields_of
from routes.own_path import path_shown

F = TypeVar("F", bound="Form")
SECRET = "secret"  # noqa: S105 - marks a field whose text is never shown again


@dataclass(frozen=True)
class MaxLength:
    """How many characters of a field are read: the time of Unicode normalisation grows with the square of the length.

    A longer text is refused with `code`; without a code it is cut. What is left of such a password or choice is as
    wrong as the whole was, and is judged and counted like any other.
    """

    characters: int
    code: Code | None = None


class Form(BaseModel):
    """Every field has a default, so that a field that was not sent is handled like an empty one."""

    model_config = ConfigDict(validate_default=True, frozen=True)


@dataclass
class FilledForm(Generic[F]):
    """A form as the fragment shows it. `typed` is the text as it was sent, `data` is set when there is no error."""

    path: str
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, list[Refused]] = field(default_factory=dict)
    data: F | None = None
    # Not for the check of one field: the customer is in the next field by then.
    takes_focus: bool = True
    # The button that was pressed and keeps the focus: it changes something, and the customer stays where they are.
    pressed: str = ""

    @property
    def focus(self) -> str:
        """What gets the focus: the button that keeps it, or the only wrong field; of several none, but the summary."""
        return self.pressed or (next(iter(self.errors)) if self.takes_focus and len(self.errors) == 1 else "")

    @property
    def at_heading(self) -> bool:
        """Whether the heading gets the focus."""
        return not self.errors and not self.pressed

    def error_at(self, field: str) -> datetime | None:
        """When what was refused at `field` may be tried again; None where nothing was, or no time is known."""
        return next((refused.at for refused in self.errors.get(field, ()) if refused.at is not None), None)

    def refused_with(self, code: str) -> bool:
        """Whether the form as a whole was refused with this code."""
        return any(refused.code == code for refused in self.errors.get("", ()))

    def refuse(self, refused: Iterable[Refused] | Refused) -> Self:
        for one in [refused] if isinstance(refused, Refused) else refused:
            self.errors.setdefault(one.field, []).append(one)
        return self


async def read_form(request: Request[Any, Any, Any], model: type[F], **context: Any) -> FilledForm[F]:
    """Read the sent form as `model`. `context` is what its validators need (`countries`, `now`, `code_digits`).

    The text of a secret field (a password, a code) never comes back in `typed`.
    """
    sent = await sent_form(request)
    limits = {name: max_length_of(info) for name, info in model.model_fields.items()}
    # Cut before anything else reads the text or shows it again.
    typed = {name: sent.get(name, "")[: limit.characters] for name, limit in limits.items()}
    filled: FilledForm[F] = FilledForm(path_shown(request.scope), _shown(model, typed))
    for name, limit in limits.items():
        if limit.code is not None and len(sent.get(name, "")) > limit.characters:
            filled.refuse(Refused(limit.code, name, digits=context.get("code_digits", 0)))
    too_long = set(filled.errors)
    typed |= dict.fromkeys(too_long, "")
    try:
        data = model.model_validate(typed, context=context)
    except ValidationError as error:
        for one in error.errors():
            name = str(one["loc"][0])
            if name not in too_long:
                filled.refuse(Refused(Code(one["type"]), name, **one.get("ctx", {})))
    else:
        filled.data = data if not too_long else None
    return filled


def max_length_of(info: FieldInfo) -> MaxLength:
    """The `MaxLength` of a field; every field declares one."""
    return next(mark for mark in info.metadata if isinstance(mark, MaxLength))


async def sent_form(request: Request[Any, Any, Any]) -> Mapping[str, str]:
    """The fields of a url-encoded form, as our pages send it; any other body counts as empty.

    The parts of a multipart body name charsets of their own, unknown ones and UTF-7 among them.
    """
    if request.content_type[0] == RequestEncodingType.URL_ENCODED:
        return fields_of(await request.body())
    await request.body()  # enforces the limit of the body
    return {}


def _shown(model: type[Form], typed: dict[str, str]) -> dict[str, str]:
    secrets = {name for name, info in model.model_fields.items() if SECRET in info.metadata}
    return {name: value for name, value in typed.items() if name not in secrets}


def error(code: Code, **told: Any) -> PydanticCustomError:
    """`told` are further fields of the `Refused` that it becomes."""
    return PydanticCustomError(code.value, "refused", told)


def _required(text: str, code: Code) -> str:
    if not text.strip():
        raise error(code)
    return text


def _phone(text: str, info: ValidationInfo) -> str:
    countries: tuple[str, ...] = (info.context or {})["countries"]
    phone = read_phone(_required(text, Code.PHONE_EMPTY), countries)
    if phone is not None:
        return phone
    if is_foreign(text, countries):
        raise error(Code.PHONE_NOT_RUSSIAN if countries == ("RU",) else Code.PHONE_FOREIGN, countries=countries)
    raise error(Code.PHONE_WRONG)


def _account_number(text: str) -> str:
    number = read_typed_account_number(_required(text, Code.ACCOUNT_NUMBER_EMPTY))
    if number is None:
        raise error(Code.ACCOUNT_NUMBER_WRONG)
    return number


def _amount(text: str) -> int:
    kopecks = read_typed_amount(_required(text, Code.AMOUNT_EMPTY))
    if kopecks is None:
        raise error(Code.AMOUNT_WRONG)
    return kopecks


def _period(text: str) -> str:
    period = read_period(text)
    if period is None:
        raise error(Code.PERIOD_EMPTY)
    return period


def _name(text: str) -> str:
    name = read_name(text)
    if name is None:
        raise error(Code.NAME_WRONG)
    return with_capitals(name)


def _required_name(text: str) -> str:
    return _required(_name(text), Code.REQUIRED)


def _birth_date(text: str, info: ValidationInfo) -> str:
    now: datetime = (info.context or {})["now"]
    born = read_birth_date(_required(text, Code.REQUIRED), now.date())
    if born is None:
        raise error(Code.BIRTH_DATE_NO_DAY if is_no_day(text) else Code.BIRTH_DATE_WRONG)
    return born.isoformat()


def _email(text: str) -> str:
    email = read_email(_required(text, Code.REQUIRED))
    if email is None:
        raise error(Code.EMAIL_WRONG)
    return email


def _line(text: str) -> str:
    text = clean_text(text)
    if len(text) > 300:
        raise error(Code.TOO_LONG)
    return text


def _comment(text: str) -> str:
    lines = "\n".join(clean_text(line) for line in text.splitlines())
    if len(lines) > 2000:
        raise error(Code.TOO_LONG)
    return lines.strip()


Phone = Annotated[str, BeforeValidator(_phone), MaxLength(100, Code.PHONE_WRONG)]
AccountNumber = Annotated[str, BeforeValidator(_account_number), MaxLength(100, Code.ACCOUNT_NUMBER_WRONG)]
Amount = Annotated[int, BeforeValidator(_amount), MaxLength(100, Code.AMOUNT_WRONG)]
Period = Annotated[str, BeforeValidator(_period), MaxLength(100, Code.PERIOD_EMPTY)]
Name = Annotated[str, BeforeValidator(_name), MaxLength(200, Code.TOO_LONG)]
RequiredName = Annotated[str, BeforeValidator(_required_name), MaxLength(200, Code.TOO_LONG)]
BirthDate = Annotated[str, BeforeValidator(_birth_date), MaxLength(100, Code.BIRTH_DATE_WRONG)]
Email = Annotated[str, BeforeValidator(_email), MaxLength(400, Code.EMAIL_WRONG)]
_ONE_LINE = MaxLength(600, Code.TOO_LONG)
RequiredLine = Annotated[str, BeforeValidator(lambda text: _required(_line(text), Code.REQUIRED)), _ONE_LINE]
Line = Annotated[str, BeforeValidator(_line), _ONE_LINE]
Comment = Annotated[str, BeforeValidator(_comment), MaxLength(3000, Code.TOO_LONG)]


def _login(text: str) -> str:
    login = _required(clean_text(text), Code.LOGIN_EMPTY)
    if len(login) > 100:
        raise error(Code.TOO_LONG)
    return login


def _card_number(text: str) -> str:
    number = read_card_number(_required(text, Code.CARD_EMPTY))
    if number is None:
        raise error(Code.CARD_WRONG)
    return number


def _named_email(text: str) -> str:
    return _email(_required(text, Code.EMAIL_EMPTY))


def _captcha(text: str) -> str:
    code = read_code(_required(text, Code.CAPTCHA_EMPTY), captcha.DIGITS)
    if code is None:
        raise error(Code.CAPTCHA_UNREADABLE)
    return code


def _captcha_if_asked(text: str) -> str:
    return _captcha(text) if text.strip() else ""


def _password(text: str) -> str:
    if not text:
        raise error(Code.PASSWORD_EMPTY)
    return text


def _code(text: str, info: ValidationInfo) -> str:
    digits: int = (info.context or {})["code_digits"]
    code = read_code(_required(text, Code.CODE_EMPTY), digits)
    if code is None:
        raise error(Code.CODE_UNREADABLE, digits=digits)
    return code


def _consent(text: str) -> str:
    if not text:
        raise error(Code.CONSENT_MISSING)
    return text


Consent = Annotated[str, BeforeValidator(_consent), MaxLength(100)]
OneTimeCode = Annotated[str, BeforeValidator(_code), SECRET, MaxLength(200, Code.CODE_UNREADABLE)]
# Longer than any password may be (settings.password_max).
Password = Annotated[str, BeforeValidator(_password), SECRET, MaxLength(1500)]
CardNumber = Annotated[str, BeforeValidator(_card_number), MaxLength(100, Code.CARD_WRONG)]
# Where no asterisk says that it is required: an empty one is asked for by its name.
NamedEmail = Annotated[str, BeforeValidator(_named_email), MaxLength(400, Code.EMAIL_WRONG)]
Captcha = Annotated[str, BeforeValidator(_captcha), SECRET, MaxLength(200, Code.CAPTCHA_UNREADABLE)]
# Of a form that shows a picture only at times.
CaptchaIfAsked = Annotated[str, BeforeValidator(_captcha_if_asked), SECRET, MaxLength(200, Code.CAPTCHA_UNREADABLE)]
Login = Annotated[str, BeforeValidator(_login), MaxLength(300, Code.TOO_LONG)]
# Not typed by the customer: one of a few words, or a sealed text, that our page has put into the form.
Choice = Annotated[str, MaxLength(100)]
Sealed = Annotated[str, MaxLength(2000)]


# What an authenticator has answered, as the browser writes it.
Credential = Annotated[str, SECRET, MaxLength(8000)]


class FactorForm(Form):
    """A second factor of the staff: a typed code, or a passkey's answer; which of them, the handler says."""

    code: Annotated[str, SECRET, MaxLength(200, Code.FACTOR_WRONG)] = ""
    credential: Credential = ""


class CodeForm(Form):
    """The code from an SMS."""

    code: OneTimeCode = ""


class PasswordForm(Form):
    """A new password."""

    password: Password = ""


class BillForm(Form):
    """What proves an account: three things that stand on a bill."""

    period: Period = ""
    account_number: AccountNumber = ""
    amount: Amount = 0
