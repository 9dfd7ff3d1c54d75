"""The profile: who the customer is, and their accounts with the bills of the last three months."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.proofs import email_confirmation
from domain.refusals import Code, Refused
from domain.sign_in import by_password
from routes import bill_form
from routes.forms import FilledForm
from routes.notices import Notice
from routes.page import Page, ThisPage
from routes.profile import profile_of

PATH, NAME, FRAGMENT = "/profile", "profile", "profile/overview"


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await answer(page, FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def send_another_email(page: ThisPage) -> Response[Any]:
    """«Отправить письмо еще раз»."""
    if page.customer is None:
        return await page.redirect_to_sign_in()
    outcome = await email_confirmation.send_another_link(page.scope, page.customer)
    if isinstance(outcome, Refused):
        # First what to do, then when another e-mail may be asked for.
        told = [Refused(Code.EMAIL_UNCONFIRMED, "email"), outcome]
        return await answer(page, FilledForm(PATH).refuse(told), 422)
    return page.redirect(PATH, notice=Notice.EMAIL_SENT_AGAIN)


@post("/sign-out", name="sign_out")
async def sign_out(page: ThisPage) -> Response[Any]:
    await by_password.sign_out(page.scope)
    return page.redirect_after_sign_out("/")


@get("/sign-out", name="sign_out.show")
async def show_sign_out(page: ThisPage) -> Response[Any]:
    """For an address that was typed or bookmarked: only the button signs out."""
    return page.redirect("/")


async def answer(page: Page, form: FilledForm[Any], status: int, *, adding: bool = False) -> Response[Any]:
    """The profile, with the form of one more account where `adding`."""
    profile = await profile_of(page)
    if profile is None:
        return await page.redirect_to_sign_in()
    return page.show(
        FRAGMENT,
        status=status,
        form=form,
        profile=profile,
        with_cards="card" in page.settings.tracks,
        adding=adding,
        **(await bill_form.shown(page, form) if adding else {"periods": [], "proof": ""}),
    )


handlers = [show, send_another_email, sign_out, show_sign_out]
