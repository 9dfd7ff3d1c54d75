"""Form text -> pydantic model, or every error at once as codes on fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Generic, Self, TypeVar

from litestar import Request
from litestar.enums import RequestEncodingType
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo
from pydantic_core import PydanticCustomError

from domain.account_numbers import read_account_number
from domain.card_numbers import read_card_number
from domain.money import read_amount
from domain.people import clean_text, read_birth_date, read_email, read_name
from domain.periods import read_period
from domain.phones import read_phone
from domain.refusals import Code, Refused

F = TypeVar("F", bound="Form")
SECRET = "secret"  # noqa: S105 - marks a field whose text is never shown again
_LONGEST_SHOWN = 1000


class Form(BaseModel):
    """Every field has a default, so that one that was not sent is told like one left empty."""

    model_config = ConfigDict(validate_default=True, frozen=True)


@dataclass
class Filled(Generic[F]):
    """A form as the fragment shows it. `typed` is text as it came, `data` is there once nothing is wrong."""

    path: str
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, list[Refused]] = field(default_factory=dict)
    data: F | None = None
    # A field that is checked when it is left must not call the focus back: the customer is in the next one.
    takes_focus: bool = True

    @property
    def focus(self) -> str:
        """The field that takes the focus: the one wrong field; with several the summary takes it."""
        return next(iter(self.errors)) if self.takes_focus and len(self.errors) == 1 else ""

    def refuse(self, refused: Iterable[Refused] | Refused) -> Self:
        for one in [refused] if isinstance(refused, Refused) else refused:
            self.errors.setdefault(one.field, []).append(one)
        return self


async def read_form(request: Request[Any, Any, Any], model: type[F], **context: Any) -> Filled[F]:
    """Read the sent form as `model`. `context` is what its validators need (`countries`, `now`).

    The whole text of a secret field (a password, a code) never comes back in `typed`.
    """
    sent = await sent_form(request)
    typed = {name: sent.get(name, "") for name in model.model_fields}
    filled: Filled[F] = Filled(request.url.path, _shown(model, typed))
    try:
        filled.data = model.model_validate(typed, context=context)
    except ValidationError as error:
        for one in error.errors():
            name = str(one["loc"][0])
            filled.refuse(Refused(Code(one["type"]), name))
    return filled


async def sent_form(request: Request[Any, Any, Any]) -> Mapping[str, str]:
    """Our pages send url-encoded forms; any other body is like an empty one.

    The parts of a multipart body name charsets of their own, unknown ones and UTF-7 among them.
    """
    if request.content_type[0] == RequestEncodingType.URL_ENCODED:
        return await request.form()
    await request.body()  # the limit of the body holds here too
    return {}


def _shown(model: type[Form], typed: dict[str, str]) -> dict[str, str]:
    secrets = {name for name, info in model.model_fields.items() if SECRET in info.metadata}
    # A text longer than any field takes is not sent back whole: the error says it is too long.
    return {name: value[:_LONGEST_SHOWN] for name, value in typed.items() if name not in secrets}


def _wrong(code: Code) -> PydanticCustomError:
    return PydanticCustomError(code.value, "refused")


def _needed(text: str, code: Code) -> str:
    if not text.strip():
        raise _wrong(code)
    return text


def _phone(text: str, info: ValidationInfo) -> str:
    phone = read_phone(_needed(text, Code.PHONE_EMPTY), (info.context or {})["countries"])
    if phone is None:
        raise _wrong(Code.PHONE_WRONG)
    return phone


def _account_number(text: str) -> str:
    number = read_account_number(_needed(text, Code.ACCOUNT_NUMBER_EMPTY))
    if number is None:
        raise _wrong(Code.ACCOUNT_NUMBER_WRONG)
    return number


def _amount(text: str) -> int:
    kopecks = read_amount(_needed(text, Code.AMOUNT_EMPTY))
    if kopecks is None:
        raise _wrong(Code.AMOUNT_WRONG)
    return kopecks


def _period(text: str) -> str:
    period = read_period(text)
    if period is None:
        raise _wrong(Code.PERIOD_EMPTY)
    return period


def _name(text: str) -> str:
    if len(text) > 200:
        raise _wrong(Code.TOO_LONG)
    name = read_name(text)
    if name is None:
        raise _wrong(Code.NAME_WRONG)
    return name


def _needed_name(text: str) -> str:
    return _needed(_name(text), Code.REQUIRED)


def _birth_date(text: str, info: ValidationInfo) -> str:
    now: datetime = (info.context or {})["now"]
    born = read_birth_date(_needed(text, Code.REQUIRED), now.date())
    if born is None:
        raise _wrong(Code.BIRTH_DATE_WRONG)
    return born.isoformat()


def _email(text: str) -> str:
    email = read_email(_needed(text, Code.REQUIRED))
    if email is None:
        raise _wrong(Code.EMAIL_WRONG)
    return email


def _line(text: str) -> str:
    text = clean_text(text)
    if len(text) > 300:
        raise _wrong(Code.TOO_LONG)
    return text


def _comment(text: str) -> str:
    lines = "\n".join(clean_text(line) for line in text.splitlines())
    if len(lines) > 2000:
        raise _wrong(Code.TOO_LONG)
    return lines.strip()


Phone = Annotated[str, BeforeValidator(_phone)]
AccountNumber = Annotated[str, BeforeValidator(_account_number)]
Amount = Annotated[int, BeforeValidator(_amount)]
Period = Annotated[str, BeforeValidator(_period)]
Name = Annotated[str, BeforeValidator(_name)]
NeededName = Annotated[str, BeforeValidator(_needed_name)]
BirthDate = Annotated[str, BeforeValidator(_birth_date)]
Email = Annotated[str, BeforeValidator(_email)]
Line = Annotated[str, BeforeValidator(_line)]
NeededLine = Annotated[str, BeforeValidator(lambda text: _needed(_line(text), Code.REQUIRED))]
Comment = Annotated[str, BeforeValidator(_comment)]


def _login(text: str) -> str:
    login = clean_text(_needed(text, Code.LOGIN_EMPTY))
    if len(login) > 100:
        raise _wrong(Code.TOO_LONG)
    return login


def _card_number(text: str) -> str:
    number = read_card_number(_needed(text, Code.CARD_EMPTY))
    if number is None:
        raise _wrong(Code.CARD_WRONG)
    return number


def _bound_email(text: str) -> str:
    return _email(_needed(text, Code.EMAIL_EMPTY))


def _captcha(text: str) -> str:
    return _needed(text, Code.CAPTCHA_EMPTY)


def _password(text: str) -> str:
    if not text:
        raise _wrong(Code.PASSWORD_EMPTY)
    return text


def _code(text: str) -> str:
    return _needed(text, Code.CODE_EMPTY)


def _consent(text: str) -> str:
    if not text:
        raise _wrong(Code.CONSENT_MISSING)
    return text


Consent = Annotated[str, BeforeValidator(_consent)]
OneTimeCode = Annotated[str, BeforeValidator(_code), SECRET]
Password = Annotated[str, BeforeValidator(_password), SECRET]
CardNumber = Annotated[str, BeforeValidator(_card_number)]
BoundEmail = Annotated[str, BeforeValidator(_bound_email)]
Captcha = Annotated[str, BeforeValidator(_captcha), SECRET]
Login = Annotated[str, BeforeValidator(_login)]


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
