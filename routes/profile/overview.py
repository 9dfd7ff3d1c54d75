"""Where a signed-in customer lands: the accounts with their newest bills, and in short who the customer is."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.profile import overview as customer_overview
from domain.sign_in import by_password
from routes import bill_form
from routes.forms import FilledForm
from routes.page import Page, ThisPage
from routes.profile.email_state import send_another_email

PATH, NAME, FRAGMENT = "/profile", "profile", "profile/overview"


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await answer(page, FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    return await send_another_email(page, PATH, answer)


@post("/sign-out", name="sign_out")
async def sign_out(page: ThisPage) -> Response[Any]:
    await by_password.sign_out(page.scope)
    return page.redirect_after_sign_out("/")


@get("/sign-out", name="sign_out.show")
async def show_sign_out(page: ThisPage) -> Response[Any]:
    """For an address that was typed or bookmarked: only the button signs out."""
    return page.redirect("/")


async def answer(page: Page, form: FilledForm[Any], status: int, *, adding: bool = False) -> Response[Any]:
    """The accounts, with the form of one more where `adding`."""
    profile = await customer_overview.of(page.scope, page.customer) if page.customer is not None else None
    if profile is None:
        return await page.redirect_to_sign_in()
    tracks = page.settings.tracks
    return page.show(
        FRAGMENT,
        status=status,
        form=form,
        profile=profile,
        with_accounts="account" in tracks or bool(profile.accounts) or adding,
        with_cards="card" in tracks,
        adding=adding,
        **(await bill_form.shown(page, form) if adding else {"periods": [], "proof": ""}),
    )


handlers = [show, submit, sign_out, show_sign_out]
