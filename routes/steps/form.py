"""A step that is one form: shown where the journey allows it, and handled by one use case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from domain.refusals import Refused
from routes.captcha import picture_if_asked, replaces_picture
from routes.forms import FilledForm, Form
from routes.journeys import Addresses, Outcome
from routes.kept_pages import SAME_FOR_VISITORS
from routes.notices import Notice
from routes.page import Page, ThisPage
from routes.steps.field_check import field_check


@dataclass(frozen=True)
class Done:
    """Where to redirect and what to tell there, for a journey whose progress is not in the session."""

    path: str
    notice: Notice | None = None


@dataclass(frozen=True, kw_only=True)
class FormStep:
    """What differs from step to step.

    `send` calls the use case. `typed` prefills the form, `shown` is what the fragment needs beside `form` and `place`,
    `checked` are the fields that are validated when the customer leaves them. `same_for_visitors`
    says that the form is the same for everybody before something was typed (routes/kept_pages.py),
    `may_ask_for_picture` that it shows a picture's code once the use case has asked for it.
    """

    addresses: Addresses[Any]
    slug: str
    name: str
    fragment: str
    form: type[Form]
    send: Callable[[Page, Any], Awaitable[Outcome | Refused | list[Refused] | Done]]
    typed: Callable[[Page], Mapping[str, str]] = lambda _page: {}
    shown: Callable[[Page], Mapping[str, Any]] = lambda _page: {}
    checked: Sequence[str] = ()
    same_for_visitors: bool = False
    may_ask_for_picture: bool = False


def form_handlers(step: FormStep) -> Sequence[HTTPRouteHandler]:
    """`GET` and `POST` of the step, and the check of its fields if any are `checked`."""
    addresses, slug, path = step.addresses, step.slug, step.addresses.path_of(step.slug)

    @get(path, name=step.name, opt=SAME_FOR_VISITORS if step.same_for_visitors else {})
    async def show(page: ThisPage) -> Response[Any]:
        return await _answer(page, FilledForm(path, dict(step.typed(page))), 200)

    @post(path, name=f"{step.name}.submit")
    async def submit(page: ThisPage) -> Response[Any]:
        if redirect := addresses.redirect_if_signed_in(page):
            return redirect
        form = await page.read(step.form)
        if step.may_ask_for_picture and replaces_picture(page, form):
            return await _answer(page, form, 200)
        if form.data is None:
            return await _answer(page, form, 422)
        outcome = await step.send(page, form.data)
        match outcome:
            case Refused() | list():
                return await _answer(page, form.refuse(outcome), 422)
            case Done(there, notice):
                return page.redirect(there, notice=notice)
            case _:
                return await addresses.answer(page, outcome, slug)

    async def _answer(page: Page, form: FilledForm[Any], status: int) -> Response[Any]:
        if redirect := await addresses.guard(page, slug):
            return redirect
        place = addresses.journey.place(slug)
        picture = {"picture": picture_if_asked(page, form)} if step.may_ask_for_picture else {}
        return page.show(step.fragment, status=status, form=form, place=place, **picture, **step.shown(page))

    if not step.checked:
        return [show, submit]
    return [show, submit, field_check(path, step.name, step.fragment, step.form, step.checked)]
