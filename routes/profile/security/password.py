"""A new password for a signed-in customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response

from domain.refusals import PasswordNeeded
from domain.sessions import Session
from domain.sign_in import password_change
from routes.forms import Password, PasswordForm
from routes.journeys import Outcome, ask_for_password
from routes.notices import Notice
from routes.page import Page
from routes.profile import person_of
from routes.profile.security import BASE, FOLDER, guard
from routes.steps.password import PasswordStep, Saved, password_handlers, unless_repeated

PATH = f"{BASE}/password"


class PasswordChangeForm(PasswordForm):
    current_password: Password = ""


async def _guard_show(page: Page) -> Response[Any] | None:
    return await guard(page, PATH)


async def _shown(page: Page) -> Mapping[str, Any]:
    person = await person_of(page)
    return {"phone": person.phone if person else ""}


async def _broken_rules(page: Page, password: str) -> list[str]:
    about = await password_change.about(page.scope, page.customer) if page.customer is not None else ()
    return password_change.broken_rules(page.scope, password, about)


async def _save(page: Page, form: PasswordChangeForm) -> Saved:
    return await password_change.change(page.scope, form.password, current=form.current_password)


async def _answer(page: Page, outcome: Outcome) -> Response[Any]:
    match outcome:
        case Session():
            return page.redirect(BASE, outcome, notice=Notice.PASSWORD_SAVED)
        case PasswordNeeded():
            return await ask_for_password(page, PATH)
        case _:
            return await page.redirect_to_sign_in()


handlers = password_handlers(
    PasswordStep(
        path=PATH,
        name="profile.security.password",
        fragment=f"{FOLDER}/password",
        form=PasswordChangeForm,
        guard_submit=unless_repeated(_guard_show),
        guard_show=_guard_show,
        shown=_shown,
        broken_rules=_broken_rules,
        save=_save,
        answer=_answer,
    )
)
