"""The step that asks for the code from an SMS. Further buttons of its form send another code, or have it dictated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from domain.refusals import Code, Refused
from domain.scope import Scope
from domain.sessions import Session
from routes.forms import Choice, CodeForm, FilledForm, Form
from routes.journeys import Addresses, Outcome
from routes.notices import Notice
from routes.page import Page, ThisPage

# What the button sends that has the code dictated.
CALL = "call"


class AnotherForm(Form):
    """Which of the buttons was pressed: "" confirms, `CALL` calls, anything else sends another code."""

    another: Choice = ""


@dataclass(frozen=True)
class SentCode:
    """`phone` (E.164) got it, `next_at` is when to send another, `typable` whether one can still be right.

    `may_call`: another one may also be dictated by telephone. `expired` says so of a step that was begun too long ago.
    """

    phone: str
    next_at: datetime
    typable: bool
    may_call: bool
    expired: bool = False


class SendAnother(Protocol):
    """Another code, dictated where it is a `call` and one may be made."""

    def __call__(self, scope: Scope, /, *, call: bool) -> Awaitable[Outcome | Refused]: ...


@dataclass(frozen=True, kw_only=True)
class CodeStep:
    """What differs from journey to journey. `confirmed`, if any, answers a right code instead of the next step."""

    addresses: Addresses[Any]
    name: str
    fragment: str
    sent_code: Callable[[Page], Awaitable[SentCode]]
    confirm: Callable[[Scope, str], Awaitable[Outcome | list[Refused]]]
    send_another: SendAnother
    confirmed: Callable[[Page, Session], Response[Any]] | None = None


def code_handlers(step: CodeStep) -> Sequence[HTTPRouteHandler]:
    """`GET` and `POST` of the step `code`."""
    addresses, path = step.addresses, step.addresses.path_of("code")

    @get(path, name=step.name)
    async def show(page: ThisPage) -> Response[Any]:
        return await _answer(page, FilledForm(path), 200)

    @post(path, name=f"{step.name}.submit")
    async def submit(page: ThisPage) -> Response[Any]:
        if redirect := addresses.redirect_if_signed_in(page):
            return redirect
        if another := (await page.read(AnotherForm)).typed["another"]:
            return await _send_another(page, call=another == CALL)
        form = await page.read(CodeForm)
        if form.data is None:
            return await _answer(page, form, 422)
        outcome = await step.confirm(page.scope, form.data.code)
        if isinstance(outcome, list):
            return await _answer(page, form.refuse(outcome), 422)
        if step.confirmed and isinstance(outcome, Session):
            return step.confirmed(page, outcome)
        return await addresses.answer(page, outcome, "code")

    async def _send_another(page: Page, *, call: bool) -> Response[Any]:
        if call:
            if redirect := await addresses.guard(page, "code"):
                return redirect
            # The button of an old page, where no call is allowed any more, is still good for an SMS.
            call = (await step.sent_code(page)).may_call
        outcome = await step.send_another(page.scope, call=call)
        if isinstance(outcome, Refused) and outcome.field == "captcha":
            return page.redirect(addresses.path_of("phone"), notice=Notice.PICTURE_NEEDED)
        if isinstance(outcome, Refused):
            return await _answer(page, FilledForm[Any](path).refuse(outcome), 422)
        if isinstance(outcome, Session):
            return page.redirect(path, outcome, notice=Notice.CODE_CALLED if call else Notice.CODE_SENT_AGAIN)
        return await addresses.answer(page, outcome, "code")

    async def _answer(page: Page, form: FilledForm[Any], status: int) -> Response[Any]:
        if redirect := await addresses.guard(page, "code"):
            return redirect
        sent_code = await step.sent_code(page)
        if sent_code.expired and not form.errors:
            form.refuse(Refused(Code.CODE_EXPIRED, "code"))
        return page.show(
            step.fragment,
            status=status,
            form=form,
            place=addresses.journey.place("code"),
            phone=sent_code.phone,
            good_for=page.settings.code_lifetime,
            next_at=sent_code.next_at if sent_code.next_at > page.scope.now else None,
            typable=sent_code.typable and not sent_code.expired,
            may_call=sent_code.may_call,
        )

    return [show, submit]
