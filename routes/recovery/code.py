"""The code that allows a new password."""

from __future__ import annotations

from domain.sign_in import recovery
from routes.page import Page
from routes.recovery import ADDRESSES
from routes.steps.code import CodeStep, Window, code_handlers


async def _window(page: Page) -> Window:
    known = ADDRESSES.known(page)
    # The code was right, but nothing came of it in time, or the password or the phone have changed since.
    expired = known.has_expired(page.scope.now)
    return Window(known.phone or "", await recovery.next_code_at(page.scope, known), expired)


handlers = code_handlers(
    CodeStep(
        addresses=ADDRESSES,
        name="recovery.code",
        fragment="recovery/code",
        window=_window,
        confirm=recovery.confirm_code,
        send_another=recovery.send_another_code,
    )
)
