"""The code from the SMS."""

from __future__ import annotations

from domain.proofs import one_time_codes
from domain.registration import by_account
from routes.page import Page
from routes.registration.account import ADDRESSES, FOLDER
from routes.steps.code import CodeStep, SentCode, code_handlers


async def _sent_code(page: Page) -> SentCode:
    phone = ADDRESSES.progress(page).number
    return SentCode(
        phone,
        await one_time_codes.next_at(page.scope, by_account.PURPOSE, phone),
        await one_time_codes.is_under_way(page.scope, by_account.PURPOSE, phone),
        await one_time_codes.may_call(page.scope, by_account.PURPOSE, phone),
    )


handlers = code_handlers(
    CodeStep(
        addresses=ADDRESSES,
        name="registration.account.code",
        fragment=f"{FOLDER}/code",
        sent_code=_sent_code,
        confirm=by_account.confirm_code,
        send_another=by_account.send_another_code,
    )
)
