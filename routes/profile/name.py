"""The form of another name."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from domain.profile import name_change
from domain.refusals import SessionExpired
from routes.forms import FilledForm, Form, Name, RequiredName
from routes.notices import Notice
from routes.page import ThisPage
from routes.profile import person, person_of
from routes.steps.field_check import field_check

PATH, NAME, FRAGMENT = f"{person.PATH}/name", "profile.person.name", "profile/name"


class NameForm(Form):
    last_name: RequiredName = ""
    first_name: RequiredName = ""
    patronymic: Name = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    known = await person_of(page)
    if known is None:
        return await page.redirect_to_sign_in()
    return page.show(FRAGMENT, form=FilledForm(PATH, {name: getattr(known, name) for name in NameForm.model_fields}))


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if page.customer is None:
        return await page.redirect_to_sign_in()
    form = await page.read(NameForm)
    if form.data is None:
        return page.refuse(FRAGMENT, form)
    if isinstance(await name_change.change(page.scope, **form.data.model_dump()), SessionExpired):
        return await page.redirect_to_sign_in()
    return page.redirect(person.PATH, notice=Notice.NAME_SAVED)


check = field_check(PATH, NAME, FRAGMENT, NameForm, list(NameForm.model_fields))
handlers = [show, submit, check]
