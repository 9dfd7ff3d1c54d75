"""«Скачать мои данные» and «Удалить личный кабинет»."""

from __future__ import annotations

import json
from typing import Any

from litestar import Response, get, post

from domain.profile import personal_data
from domain.refusals import SessionExpired
from routes.forms import FilledForm, Form, Password
from routes.notices import Notice
from routes.page import Page, ThisPage
from routes.profile import person_of
from routes.profile.security import BASE, guard

DATA_PATH = "/profile/data"
PATH, NAME, FRAGMENT = "/profile/deletion", "profile.deletion", "profile/deletion"


class DeletionForm(Form):
    password: Password = ""


@get(DATA_PATH, name="profile.data")
async def download(page: ThisPage) -> Response[Any]:
    # Not back to this address: htmx sends the form of the sign-in, and cannot show a file in its place.
    if page.customer is None:
        return await page.redirect_to_sign_in(BASE)
    if redirect := await guard(page, BASE):
        return redirect
    data = await personal_data.export(page.scope, page.customer)
    if isinstance(data, SessionExpired):
        return await page.redirect_to_sign_in(BASE)
    headers = {"Content-Disposition": 'attachment; filename="kabinet.json"', "Cache-Control": "no-store"}
    return Response(json.dumps(data, ensure_ascii=False, indent=2), media_type="application/json", headers=headers)


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await _answer(page, FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def delete(page: ThisPage) -> Response[Any]:
    if page.customer is None:
        return await page.redirect_to_sign_in()
    form = await page.read(DeletionForm)
    if form.data is None:
        return await _answer(page, form, 422)
    outcome = await personal_data.delete(page.scope, form.data.password)
    match outcome:
        case None:
            return page.redirect_after_sign_out("/", notice=Notice.CABINET_DELETED)
        case SessionExpired():
            return await page.redirect_to_sign_in()
        case _:
            return await _answer(page, form.refuse(outcome), 422)


async def _answer(page: Page, form: FilledForm[Any], status: int) -> Response[Any]:
    person = await person_of(page)
    if person is None:
        return await page.redirect_to_sign_in()
    return page.show(FRAGMENT, status=status, form=form, phone=person.phone)


handlers = [download, show, delete]
