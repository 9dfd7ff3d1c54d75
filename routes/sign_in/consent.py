"""The step between the sign-in and the profile of a customer who consented to an earlier text."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain import consents
from domain.refusals import SessionExpired
from routes.forms import Choice, Consent, FilledForm, Form
from routes.legal import consent_text
from routes.page import Page, ThisPage

PATH, NAME, FRAGMENT = Page.CONSENT_DUE, "sign_in.consent", "sign_in/consent"


class ConsentForm(Form):
    consent: Consent = ""
    # The hash of the text that was shown.
    shown: Choice = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return _elsewhere(page) or _answer(page, FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if page.session is None or page.session.password_due:
        return await page.redirect_to_sign_in("/profile")
    form = await page.read(ConsentForm)
    if page.customer is None and form.data is None:
        return _answer(page, form, 422)
    text = consent_text(page.templates)
    if form.data is not None and form.data.shown not in ("", text.sha256):
        # Another text than the one that was read: it is shown, and asked for again.
        return page.redirect(PATH)
    outcome = await consents.give(page.scope, text)
    if isinstance(outcome, SessionExpired):
        return await page.redirect_to_sign_in("/profile")
    return page.redirect_after_sign_in(outcome)


def _elsewhere(page: Page) -> Response[Any] | None:
    """A redirect for whoever is not asked for a consent."""
    if page.customer_with_consent_due is not None:
        return None
    return page.redirect_if_signed_in() or page.redirect("/", notice=page.expiry_notice)


def _answer(page: Page, form: FilledForm[Any], status: int) -> Response[Any]:
    return page.show(FRAGMENT, status=status, form=form, shown=consent_text(page.templates).sha256)


handlers = [show, submit]
