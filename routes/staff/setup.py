"""The link of a new person: password, second factor, recovery codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from domain.passwords import password_rules
from domain.refusals import Code, Refused, SessionExpired
from domain.sign_in.password_change import BrokenRules, broken_rules
from domain.staff import passkeys, second_factor, setup
from domain.staff.second_factor import CODES
from domain.staff.sessions import StaffSession
from domain.staff.setup import SETUP
from routes import links
from routes.catalogue import current
from routes.forms import FactorForm, FilledForm, PasswordForm, Sealed
from routes.notices import Notice
from routes.own_path import TOKEN
from routes.staff import app_picture
from routes.staff.desk import HOME, Desk, ThisDesk
from routes.staff.factor import as_json, shown_of

PATH, NAME = "/staff/setup", "staff.setup"
LINK_PATH, FACTOR, RECOVERY = f"{PATH}{TOKEN}", "/staff/new-factor", "/staff/recovery-codes"


class SetupForm(PasswordForm):
    link: Sealed = ""


@get(LINK_PATH, name=f"{NAME}.link")
async def open_link(desk: ThisDesk, token: FromPath[str]) -> Response[Any]:
    if await setup.look_at(desk.scope, token) is None:
        return _invalid(desk)
    return links.move_token_to_cookie(desk.page, PATH, token)


@get(PATH, name=NAME)
async def show(desk: ThisDesk) -> Response[Any]:
    return await _answer(desk, links.token_of(desk.page, PATH), FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(desk: ThisDesk) -> Response[Any]:
    form = await desk.read(SetupForm)
    token = links.token_of(desk.page, PATH, form.typed["link"])
    if form.data is None:
        return await _answer(desk, token, form, 422)
    outcome = await setup.set_password(desk.scope, token, form.data.password)
    match outcome:
        case StaffSession():
            return desk.redirect(FACTOR, outcome)
        case BrokenRules(rules):
            form.refuse(Refused(Code.PASSWORD_RULES_BROKEN, "password"))
            return await _answer(desk, token, form, 422, rules)
        case SessionExpired():
            return _invalid(desk)


@post(f"{PATH}/conditions", name=f"{NAME}.conditions", status_code=200)
async def check_rules(desk: ThisDesk) -> Response[str]:
    """The list that ticks off while the password is typed; the password goes nowhere."""
    form = await desk.read(PasswordForm)
    broken = broken_rules(desk.scope, form.data.password if form.data else "", ())
    return desk.page.show_piece("partials/conditions.html", _rules(desk, broken, ticking=True))


async def _answer(
    desk: Desk, token: str, form: FilledForm[Any], status: int, broken: list[str] | None = None
) -> Response[Any]:
    person = await setup.look_at(desk.scope, token)
    if person is None:
        return _invalid(desk)
    answer: Response[Any] = desk.show(
        "setup",
        status=status,
        form=form,
        email=person.email,
        link=links.seal(desk.page, PATH, token),
        **_rules(desk, broken, ticking=False),
    )
    return answer


def _invalid(desk: Desk) -> Response[Any]:
    answer: Response[Any] = desk.show("link-invalid", status=410)
    return answer


def _rules(desk: Desk, broken: list[str] | None, *, ticking: bool) -> Mapping[str, Any]:
    return {
        "rules": password_rules(desk.settings.password_needs),
        "broken_rules": broken,
        "ticking": ticking,
        "shortest": desk.settings.password_min,
        "longest": desk.settings.password_max,
    }


# --- The second factor: the first one behind the link, and further ones from the security page ---


@get(FACTOR, name="staff.new-factor")
async def show_factor(desk: ThisDesk) -> Response[Any]:
    return _guard_factor(desk) or _answer_factor(desk, FilledForm(FACTOR), 200)


@post(FACTOR, name="staff.new-factor.submit")
async def submit_factor(desk: ThisDesk) -> Response[Any]:
    # Without a session it may be the first press sent again, which has changed the session's id.
    if desk.session is not None and (redirect := _guard_factor(desk)):
        return redirect
    form = await desk.read(FactorForm)
    shown = shown_of(form)
    if shown is None:
        return _answer_factor(desk, form, 422)
    first = desk.person is None
    outcome = await (setup.set_factor if first else second_factor.add)(desk.scope, shown)
    match outcome:
        case StaffSession():
            if first:
                return desk.redirect(RECOVERY, outcome)
            return desk.redirect("/staff/security", outcome, notice=Notice.FACTOR_ADDED)
        case SessionExpired():
            return desk.to_sign_in()
        case Refused():
            return _answer_factor(desk, form.refuse(outcome), 422)


@post(f"{FACTOR}/options", name="staff.new-factor.options")
async def options(desk: ThisDesk) -> Response[Any]:
    return as_json(None if _guard_factor(desk) else await passkeys.options_for_new(desk.scope, _company(desk)))


def _guard_factor(desk: Desk) -> Response[Any] | None:
    if desk.person is not None:
        return desk.guard_confirmed(path=FACTOR)
    begun = desk.session is not None and SETUP.progress(desk.session).password is not None
    return None if begun else desk.to_sign_in()


def _answer_factor(desk: Desk, form: FilledForm[Any], status: int) -> Response[Any]:
    if desk.session is None:
        return desk.to_sign_in()
    secret = str(desk.session.progress.get(second_factor.SECRET, ""))
    app = app_picture.of(secret, desk.session.email, _company(desk)) if secret else None
    answer: Response[Any] = desk.show("new-factor", status=status, form=form, app=app, options=f"{FACTOR}/options")
    return answer


def _company(desk: Desk) -> str:
    """The name under which authenticators keep what they make for this portal."""
    return desk.page.templates.brand.short_name[current()]


# --- Recovery codes, until they are written down ---


@get(RECOVERY, name="staff.recovery-codes")
async def show_codes(desk: ThisDesk) -> Response[Any]:
    if redirect := desk.guard():
        return redirect
    assert desk.person is not None
    codes = desk.person.progress.get(CODES)
    if not codes:
        return desk.redirect("/staff/security")
    answer: Response[Any] = desk.show("recovery-codes", codes=codes)
    return answer


@post(RECOVERY, name="staff.recovery-codes.submit")
async def submit_codes(desk: ThisDesk) -> Response[Any]:
    if redirect := desk.guard():
        return redirect
    await second_factor.codes_written_down(desk.scope)
    return desk.redirect(HOME)


handlers = [
    open_link, show, submit, check_rules, show_factor, submit_factor, options, show_codes, submit_codes,
]  # fmt: skip
