"""Sign-in of the staff: e-mail and password, then the second factor; sign-out, and the note before a session ends."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get, post

from domain.staff import sessions, sign_in
from domain.staff.sessions import StaffSession
from routes import responses
from routes.forms import FilledForm, Form, MaxLength, NamedEmail, Password
from routes.own_path import LONGEST
from routes.staff import factor
from routes.staff.desk import HOME, SIGN_IN, Desk, ThisDesk, inside

NAME = "staff.sign_in"


class SignInForm(Form):
    email: NamedEmail = ""
    password: Password = ""
    next: Annotated[str, MaxLength(LONGEST)] = ""


@get(SIGN_IN, name=NAME)
async def show(desk: ThisDesk) -> Response[Any]:
    if desk.person is not None:
        return desk.redirect(HOME)
    return _answer(desk, FilledForm(SIGN_IN, {"next": desk.page.request.query_params.get("next", "")}), 200)


@post(SIGN_IN, name=f"{NAME}.submit")
async def submit(desk: ThisDesk) -> Response[Any]:
    form = await desk.read(SignInForm)
    if form.data is None:
        return _answer(desk, form, 422)
    then = inside(form.data.next)
    outcome = await sign_in.by_password(desk.scope, form.data.email, form.data.password, then=then)
    if isinstance(outcome, StaffSession):
        return desk.redirect(factor.PATH, outcome)
    return _answer(desk, form.refuse(outcome), 422)


def _answer(desk: Desk, form: FilledForm[Any], status: int) -> Response[Any]:
    shown: Response[Any] = desk.show("sign-in", status=status, form=form)
    return shown


@post("/staff/sign-out", name="staff.sign_out")
async def sign_out(desk: ThisDesk) -> Response[Any]:
    await sign_in.sign_out(desk.scope)
    return desk.redirect_after_sign_out()


@get("/staff/sign-out", name="staff.sign_out.show")
async def show_sign_out(desk: ThisDesk) -> Response[Any]:
    """For an address that was typed: only the button signs out."""
    return desk.redirect(HOME)


@post("/staff/session", name="staff.session")
async def go_on(desk: ThisDesk) -> Response[Any]:
    """«Продолжить»: the note with its new time."""
    if desk.person is None:
        return responses.reload_instead(desk.page.request, desk.to_sign_in())
    idle_until = await sessions.touch(desk.scope, desk.person)
    return desk.show_note(idle_until) if responses.is_partial(desk.page.request) else desk.redirect(HOME)


@get("/staff/session", name="staff.session.show")
async def show_session(desk: ThisDesk) -> Response[Any]:
    """For an address that was typed or bookmarked."""
    return desk.redirect(HOME)


handlers = [show, submit, sign_out, show_sign_out, go_on, show_session]
