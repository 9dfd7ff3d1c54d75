"""«Отправить письмо еще раз», on the pages that say whether the e-mail is confirmed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response

from domain.proofs import email_confirmation
from domain.refusals import Code, Refused
from routes.forms import FilledForm
from routes.notices import Notice
from routes.page import Page

Answer = Callable[[Page, FilledForm[Any], int], Awaitable[Response[Any]]]


async def send_another_email(page: Page, path: str, answer: Answer) -> Response[Any]:
    """`answer` draws the page at `path`, where the button was pressed."""
    if page.customer is None:
        return await page.redirect_to_sign_in()
    outcome = await email_confirmation.send_another_link(page.scope, page.customer)
    if isinstance(outcome, Refused):
        # First what to do, then when another e-mail may be asked for.
        told = [Refused(Code.EMAIL_UNCONFIRMED, "email"), outcome]
        return await answer(page, FilledForm(path).refuse(told), 422)
    return page.redirect(path, notice=Notice.EMAIL_SENT_AGAIN)
