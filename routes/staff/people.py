"""«Сотрудники»: who may sign in; an admin adds, resets and removes them."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain.refusals import Code, Refused
from domain.staff import people
from domain.staff.people import Person, Role
from routes.forms import Choice, FilledForm, Form, NamedEmail
from routes.notices import Notice
from routes.row_ids import row_id
from routes.staff.desk import Desk, ThisDesk

PATH, NAME = "/staff/people", "staff.people"
NEW = f"{PATH}/new"


class PersonForm(Form):
    email: NamedEmail = ""
    role: Choice = ""


@get(PATH, name=NAME)
async def show(desk: ThisDesk) -> Response[Any]:
    if redirect := desk.guard(Role.ADMIN):
        return redirect
    assert desk.person is not None
    answer: Response[Any] = desk.show("people", people=await people.everybody(desk.scope), own=desk.person.staff)
    return answer


@get(NEW, name=f"{NAME}.new")
async def show_new(desk: ThisDesk) -> Response[Any]:
    return desk.guard_confirmed(Role.ADMIN) or _answer(desk, FilledForm(NEW), 200)


@post(NEW, name=f"{NAME}.new.submit")
async def add(desk: ThisDesk) -> Response[Any]:
    if redirect := desk.guard_confirmed(Role.ADMIN):
        return redirect
    form = await desk.read(PersonForm)
    if form.data is None:
        return _answer(desk, form, 422)
    assert desk.person is not None
    # What is not chosen from the list is the lesser role.
    role = Role.ADMIN if form.data.role == Role.ADMIN else Role.OPERATOR
    if await people.add(desk.scope, form.data.email, role, desk.person.staff) is None:
        return _answer(desk, form.refuse(Refused(Code.STAFF_KNOWN, "email")), 422)
    return desk.redirect(PATH, notice=Notice.STAFF_INVITED)


def _answer(desk: Desk, form: FilledForm[Any], status: int) -> Response[Any]:
    answer: Response[Any] = desk.show("person-new", status=status, form=form)
    return answer


@get(f"{PATH}/{{person:str}}", name=f"{NAME}.person")
async def show_person(desk: ThisDesk, person: FromPath[str]) -> Response[Any]:
    if redirect := desk.guard_confirmed(Role.ADMIN):
        return redirect
    answer: Response[Any] = desk.show("person", person=await _other(desk, person))
    return answer


@post(f"{PATH}/{{person:str}}/reset", name=f"{NAME}.reset")
async def reset(desk: ThisDesk, person: FromPath[str]) -> Response[Any]:
    if redirect := desk.guard_confirmed(Role.ADMIN, PATH):
        return redirect
    known = await _other(desk, person)
    assert desk.person is not None
    await people.reset(desk.scope, known.id, desk.person.staff)
    return desk.redirect(PATH, notice=Notice.STAFF_INVITED)


@post(f"{PATH}/{{person:str}}/removal", name=f"{NAME}.removal")
async def remove(desk: ThisDesk, person: FromPath[str]) -> Response[Any]:
    if redirect := desk.guard_confirmed(Role.ADMIN, PATH):
        return redirect
    known = await _other(desk, person)
    assert desk.person is not None
    await people.remove(desk.scope, known.id, desk.person.staff)
    return desk.redirect(PATH, notice=Notice.STAFF_REMOVED)


async def _other(desk: Desk, person: str) -> Person:
    """Somebody else: nobody shuts themselves out."""
    known = await people.get(desk.scope, row_id(person, bits=32))
    if known is None or (desk.person is not None and known.id == desk.person.staff):
        raise NotFoundException
    return known


handlers = [show, show_new, add, show_person, reset, remove]
