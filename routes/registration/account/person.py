"""Who the customer is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

from domain.registration import by_account
from domain.registration.progress import Person
from routes.forms import BirthDate, Email, Form, Name, RequiredName
from routes.journeys import Outcome
from routes.page import Page
from routes.registration.account import ADDRESSES, FOLDER
from routes.steps.form import FormStep, form_handlers


class PersonForm(Form):
    last_name: RequiredName = ""
    first_name: RequiredName = ""
    patronymic: Name = ""
    birth_date: BirthDate = ""
    email: Email = ""


def _typed(page: Page) -> Mapping[str, str]:
    """What was typed here before, else in a connection request."""
    progress = ADDRESSES.progress(page)
    if person := progress.person or progress.typed_person:
        return {**asdict(person), "birth_date": date.fromisoformat(person.birth_date).strftime("%d.%m.%Y")}
    return {n: str(v) for n, v in asdict(progress.request).items() if n != "number"} if progress.request else {}


async def _send(page: Page, form: PersonForm) -> Outcome:
    return await by_account.give_person(page.scope, Person(**form.model_dump()))


handlers = form_handlers(
    FormStep(
        addresses=ADDRESSES,
        slug="person",
        name="registration.account.person",
        fragment=f"{FOLDER}/person",
        form=PersonForm,
        send=_send,
        typed=_typed,
        checked=list(PersonForm.model_fields),
    )
)
