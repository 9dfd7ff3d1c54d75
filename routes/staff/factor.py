"""The second factor: after the password, and again before a change of who can get in."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import MediaType, Response, get, post
from litestar.exceptions import PermissionDeniedException

from domain.refusals import Code, Refused, SessionExpired
from domain.staff import passkeys, second_factor
from domain.staff.second_factor import Shown
from domain.staff.sessions import StaffSession
from domain.staff.setup import SETUP
from domain.staff.sign_in import NEXT
from routes.forms import FactorForm, FilledForm, MaxLength
from routes.own_path import LONGEST
from routes.staff.desk import CONFIRMATION, HOME, Desk, ThisDesk, inside

PATH, NAME = "/staff/factor", "staff.factor"


class ConfirmationForm(FactorForm):
    next: Annotated[str, MaxLength(LONGEST)] = ""


@get(PATH, name=NAME)
async def show(desk: ThisDesk) -> Response[Any]:
    return _guard(desk) or await _answer(desk, FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(desk: ThisDesk) -> Response[Any]:
    # No session may mean that the button was pressed twice: the first press has changed the session's id.
    if desk.session is not None and (redirect := _guard(desk)):
        return redirect
    return await _prove(desk, await desk.read(ConfirmationForm))


@get(CONFIRMATION, name="staff.confirmation")
async def show_confirmation(desk: ThisDesk) -> Response[Any]:
    form: FilledForm[Any] = FilledForm(CONFIRMATION, {"next": desk.page.request.query_params.get("next", "")})
    return desk.guard() or await _answer(desk, form, 200)


@post(CONFIRMATION, name="staff.confirmation.submit")
async def submit_confirmation(desk: ThisDesk) -> Response[Any]:
    if desk.session is not None and (redirect := desk.guard()):
        return redirect
    return await _prove(desk, await desk.read(ConfirmationForm))


@post(f"{PATH}/options", name=f"{NAME}.options")
async def options(desk: ThisDesk) -> Response[Any]:
    """What the browser's script needs to ask for a passkey; nothing without a session."""
    return as_json(await passkeys.options_for_proof(desk.scope))


def as_json(text: str | None) -> Response[Any]:
    """403 where there is nothing to say: without a session that may ask."""
    if text is None:
        raise PermissionDeniedException
    return Response(text, media_type=MediaType.JSON, status_code=200, headers={"Cache-Control": "no-store"})


def shown_of(form: FilledForm[Any]) -> Shown | None:
    """What was typed or answered; the form is refused where it is neither."""
    if form.data is not None and not form.data.code.strip() and not form.data.credential:
        form.refuse(Refused(Code.FACTOR_EMPTY, "code"))
        return None
    return Shown(form.data.code, form.data.credential) if form.data is not None else None


def _guard(desk: Desk) -> Response[Any] | None:
    """Only a session that waits for its second factor: no other needs this page."""
    if desk.person is not None:
        return desk.redirect(HOME)
    waits = desk.session is not None and SETUP.progress(desk.session).password is None
    return None if waits else desk.to_sign_in()


async def _prove(desk: Desk, form: FilledForm[ConfirmationForm]) -> Response[Any]:
    shown = shown_of(form)
    if shown is None:
        return await _answer(desk, form, 422)
    outcome = await second_factor.prove(desk.scope, shown)
    match outcome:
        case StaffSession():
            assert form.data is not None
            return desk.redirect(inside(form.data.next or outcome.progress.get(NEXT, "")), outcome)
        case SessionExpired():
            return desk.to_sign_in()
        case _:
            return await _answer(desk, form.refuse(outcome), 422)


async def _answer(desk: Desk, form: FilledForm[Any], status: int) -> Response[Any]:
    if desk.session is None:
        return desk.to_sign_in()
    factors = await second_factor.of(desk.session.staff)
    answer: Response[Any] = desk.show(
        "factor",
        status=status,
        form=form,
        action=form.path,
        options=f"{PATH}/options",
        again=desk.person is not None,
        factors=factors,
    )
    return answer


handlers = [show, submit, show_confirmation, submit_confirmation, options]
