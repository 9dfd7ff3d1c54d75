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
    return SentCode(progress.phone or "", await recovery.next_code_at(page.scope, progress), expired)


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
