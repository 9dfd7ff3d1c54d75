"""Step 5: who the customer is."""

from __future__ import annotations

from datetime import date
from typing import Any

from litestar import Response, get, post

from domain.refusals import SessionExpired, WrongStep
from domain.registration import by_account
from domain.registration.by_account import Person
from domain.registration.progress import Registration, registration_of
from domain.sessions import Session
from routes.field_check import field_check
from routes.forms import BirthDate, Email, Filled, Form, Name, NeededName
from routes.page import ThisPage
from routes.registration.account import FOLDER, lost, path_of, place, redirect_to_current_step, where, wrong_step

PATH, NAME, FRAGMENT = path_of("person"), "registration.account.person", f"{FOLDER}/person"


class PersonForm(Form):
    last_name: NeededName = ""
    first_name: NeededName = ""
    patronymic: Name = ""
    birth_date: BirthDate = ""
    email: Email = ""


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    if elsewhere := wrong_step(page, "person"):
        return elsewhere
    return page.show(FRAGMENT, form=Filled(PATH, _typed(registration_of(page.session))), place=place("person"))


@post(PATH, name=f"{NAME}.submit")
async def submit(page: ThisPage) -> Response[Any]:
    if home := page.home():
        return home
    form = await page.read(PersonForm)
    if form.data is None:
        return wrong_step(page, "person") or page.refuse(FRAGMENT, form, place=place("person"))
    person = Person(**form.data.model_dump())
    outcome = await by_account.give_person(page.scope, person)
    match outcome:
        case Session():
            return page.redirect(where(registration_of(outcome)), outcome)
        case SessionExpired():
            return lost(page)
        case WrongStep():
            return redirect_to_current_step(page, registration_of(page.session))


def _typed(known: Registration) -> dict[str, str]:
    birth_date = date.fromisoformat(known.birth_date).strftime("%d.%m.%Y") if known.birth_date else ""
    typed = {name: str(getattr(known, name)) for name in PersonForm.model_fields}
    return typed | {"birth_date": birth_date}


check = field_check(PATH, NAME, FRAGMENT, PersonForm, list(PersonForm.model_fields))
handlers = [show, submit, check]
