"""Step 5: who the customer is."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from litestar import Response, get, post

from domain.registration import by_account
from domain.registration.progress import REGISTRATION, Person, Registration
from routes.forms import BirthDate, Email, Filled, Form, Name, NeededName
from routes.page import Page, ThisPage
from routes.registration.account import ADDRESSES, FOLDER
from routes.steps.field_check import field_check

PATH, NAME, FRAGMENT = ADDRESSES.path_of("person"), "registration.account.person", f"{FOLDER}/person"


class PersonForm(Form):
    last_name: NeededName = ""
    first_name: NeededName = ""
    patronymic: Name = ""
    birth_date: BirthDate = ""
    email: Email = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await _answer(page, Filled(PATH, _typed(ADDRESSES.known(page))), 200)


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if home := page.home():
        return home
    form = await page.read(PersonForm)
    if form.data is None:
        return await _answer(page, form, 422)
    outcome = await by_account.give_person(page.scope, Person(**form.data.model_dump()))
    return await ADDRESSES.answer(page, outcome, "person")


async def _answer(page: Page, form: Filled[Any], status: int) -> Response[Any]:
    if elsewhere := await ADDRESSES.elsewhere(page, "person"):
        return elsewhere
    return page.show(FRAGMENT, status=status, form=form, place=REGISTRATION.place("person"))


def _typed(known: Registration) -> dict[str, str]:
    """As it was typed here, or in a request that was sent before the account was found."""
    if known.person is not None:
        birth_date = date.fromisoformat(known.person.birth_date).strftime("%d.%m.%Y")
        return {**asdict(known.person), "birth_date": birth_date}
    return {n: str(v) for n, v in asdict(known.request).items() if n != "number"} if known.request else {}


check = field_check(PATH, NAME, FRAGMENT, PersonForm, list(PersonForm.model_fields))
handlers = [show, submit, check]
