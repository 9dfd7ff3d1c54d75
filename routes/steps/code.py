"""The step that asks for the code from an SMS. A second button of its form sends another code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from domain.refusals import Code, Refused
from domain.scope import Scope
from domain.sessions import Session
from routes.forms import Choice, CodeForm, FilledForm, Form
from routes.journeys import Addresses, Outcome
from routes.notices import Notice
from routes.page import Page, ThisPage


class AnotherForm(Form):
    """Which of the two buttons was pressed."""

    another: Choice = ""


@dataclass(frozen=True)
class SentCode:
    """`phone` (E.164) got it, `next_at` is when to send another, `expired` where it is void."""

    phone: str
    next_at: datetime
    expired: bool = False


@dataclass(frozen=True, kw_only=True)
class CodeStep:
    """What differs from journey to journey. `confirmed`, if any, answers a right code instead of the next step."""

    addresses: Addresses[Any]
    name: str
    fragment: str
    sent_code: Callable[[Page], Awaitable[SentCode]]
    confirm: Callable[[Scope, str], Awaitable[Outcome | list[Refused]]]
    send_another: Callable[[Scope], Awaitable[Outcome | Refused]]
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
        if (await page.read(AnotherForm)).typed["another"]:
            return await _send_another(page)
        form = await page.read(CodeForm)
        if form.data is None:
            return await _answer(page, form, 422)
        outcome = await step.confirm(page.scope, form.data.code)
        if isinstance(outcome, list):
            return await _answer(page, form.refuse(outcome), 422)
        if step.confirmed and isinstance(outcome, Session):
            return step.confirmed(page, outcome)
        return await addresses.answer(page, outcome, "code")

    async def _send_another(page: Page) -> Response[Any]:
        outcome = await step.send_another(page.scope)
        if isinstance(outcome, Refused):
            return await _answer(page, FilledForm[Any](path).refuse(outcome), 422)
        if isinstance(outcome, Session):
            return page.redirect(path, outcome, notice=Notice.CODE_SENT_AGAIN)
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
        )

    return [show, submit]
