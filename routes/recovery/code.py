"""The code that allows a new password."""

from __future__ import annotations

from domain.sign_in import recovery
from routes.page import Page
from routes.recovery import ADDRESSES
from routes.steps.code import CodeStep, SentCode, code_handlers


async def _sent_code(page: Page) -> SentCode:
    progress = ADDRESSES.progress(page)
    # The code was confirmed, but too long ago, or the password or the phone has changed since.
    expired = progress.has_expired(page.scope.now)
    next_at, typable, may_call = await recovery.sent_code(page.scope, progress)
    return SentCode(progress.phone or "", next_at, typable, may_call, expired)


handlers = code_handlers(
    CodeStep(
        addresses=ADDRESSES,
        name="recovery.code",
        fragment="recovery/code",
        sent_code=_sent_code,
        confirm=recovery.confirm_code,
        send_another=recovery.send_another_code,
    )
)
