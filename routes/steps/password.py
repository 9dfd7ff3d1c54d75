"""The step that makes a password, with the rules that tick off while it is typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from domain.passwords import password_rules
from domain.refusals import Code, Refused
from domain.sign_in.password_change import BrokenRules
from routes.forms import FilledForm, PasswordForm
from routes.journeys import Addresses, Outcome
from routes.page import Page, ThisPage

Saved = Outcome | BrokenRules | list[Refused]
Guard = Callable[[Page], Awaitable[Response[Any] | None]]


@dataclass(frozen=True, kw_only=True)
class PasswordStep:
    """What differs from journey to journey.

    `guard_submit` redirects a visitor who may not send the form, `guard_show` one who may not see it. `shown` are the
    values of the fragment beside the rules. `answer` is called with what `save` returns, unless that is a refusal.
    """

    path: str
    name: str
    fragment: str
    form: type[PasswordForm] = PasswordForm
    guard_submit: Guard
    guard_show: Guard
    shown: Callable[[Page], Awaitable[Mapping[str, Any]]]
    broken_rules: Callable[[Page, str], Awaitable[list[str]]]
    save: Callable[[Page, Any], Awaitable[Saved]]
    answer: Callable[[Page, Outcome], Awaitable[Response[Any]]]


def password_step_of(
    addresses: Addresses[Any],
    *,
    name: str,
    fragment: str,
    shown: Callable[[Page], Awaitable[Mapping[str, Any]]],
    broken_rules: Callable[[Page, str], Awaitable[list[str]]],
    save: Callable[[Page, Any], Awaitable[Saved]],
    answer: Callable[[Page, Outcome], Awaitable[Response[Any]]] | None = None,
) -> PasswordStep:
    """The step `password` of a journey. Sending it again must reach `save`, even when the journey is over."""

    async def guard_submit(page: Page) -> Response[Any] | None:
        return addresses.redirect_if_signed_in(page)

    async def guard_show(page: Page) -> Response[Any] | None:
        return await addresses.guard(page, "password")

    async def answer_of_journey(page: Page, outcome: Outcome) -> Response[Any]:
        return await addresses.answer(page, outcome, "password")

    return PasswordStep(
        path=addresses.path_of("password"),
        name=name,
        fragment=fragment,
        guard_submit=guard_submit,
        guard_show=guard_show,
        shown=shown,
        broken_rules=broken_rules,
        save=save,
        answer=answer or answer_of_journey,
    )


def unless_repeated(guard: Guard) -> Guard:
    """`guard` for the form of a signed-in customer, sent with a session.

    No session may mean that the button was pressed twice: the first press has changed the session's id.
    """

    async def guard_submit(page: Page) -> Response[Any] | None:
        return await guard(page) if page.session is not None else None

    return guard_submit


def password_handlers(step: PasswordStep) -> Sequence[HTTPRouteHandler]:
    """`GET` and `POST` of the step, and the list of rules for a password that is being typed."""

    @get(step.path, name=step.name)
    async def show(page: ThisPage) -> Response[Any]:
        return await _answer(page, FilledForm(step.path), 200)

    @post(step.path, name=f"{step.name}.submit")
    async def submit(page: ThisPage) -> Response[Any]:
        if redirect := await step.guard_submit(page):
            return redirect
        form = await page.read(step.form)
        if form.data is None:
            return await _answer(page, form, 422)
        outcome = await step.save(page, form.data)
        match outcome:
            case BrokenRules(rules):
                return await _answer(page, form.refuse(Refused(Code.PASSWORD_RULES_BROKEN, "password")), 422, rules)
            case list():
                return await _answer(page, form.refuse(outcome), 422)
            case _:
                return await step.answer(page, outcome)

    @post(f"{step.path}/conditions", name=f"{step.name}.conditions", status_code=200)
    async def check_rules(page: ThisPage) -> Response[str]:
        """The list that ticks off while the password is typed; the password goes nowhere."""
        form = await page.read(PasswordForm)
        broken = await step.broken_rules(page, form.data.password if form.data else "")
        return page.show_piece("partials/conditions.html", _rules(page, broken, ticking=True))

    async def _answer(page: Page, form: FilledForm[Any], status: int, broken: list[str] | None = None) -> Response[Any]:
        if redirect := await step.guard_show(page):
            return redirect
        values = {**await step.shown(page), **_rules(page, broken, ticking=False)}
        return page.show(step.fragment, status=status, form=form, **values)

    return [show, submit, check_rules]


def _rules(page: Page, broken: list[str] | None, *, ticking: bool) -> dict[str, Any]:
    """What partials/conditions.html needs. `broken` is None where nothing has been judged yet."""
    return {
        "rules": password_rules(page.settings.password_needs),
        "broken_rules": broken,
        "ticking": ticking,
        "shortest": page.settings.password_min,
        "longest": page.settings.password_max,
    }
