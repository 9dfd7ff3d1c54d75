"""«Клиенты»: the search, and the card of a customer that it has found."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath
from pydantic import BeforeValidator

from domain.refusals import Code, SessionExpired
from domain.staff import customer_card, customers
from routes.forms import FilledForm, Form, MaxLength, error
from routes.notices import Notice
from routes.row_ids import row_id
from routes.staff.desk import Desk, ThisDesk
from routes.staff.reasons import Purpose

PATH, NAME = "/staff/customers", "staff.customers"
ONE = f"{PATH}/{{number:str}}"


def _search(text: str) -> str:
    if not text.strip():
        raise error(Code.SEARCH_EMPTY)
    return text.strip()


class SearchForm(Form):
    """A phone, an account number, a login, a card number or the number of a request."""

    search: Annotated[str, BeforeValidator(_search), MaxLength(100, Code.TOO_LONG)] = ""
    purpose: Purpose = ""


class PurposeForm(Form):
    purpose: Purpose = ""


@get(PATH, name=NAME)
async def show(desk: ThisDesk) -> Response[Any]:
    return desk.guard() or await _list(desk, FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.search")
async def search(desk: ThisDesk) -> Response[Any]:
    """POST: what is searched for are personal data, which stand in no address."""
    if redirect := desk.guard():
        return redirect
    form = await desk.read(SearchForm)
    if form.data is None:
        return await _list(desk, form, 422)
    found = await customers.search(desk.scope, form.data.search, form.data.purpose)
    match found:
        case SessionExpired():
            return desk.to_sign_in()
        case list():
            return desk.redirect(path_of(found[0]) if len(found) == 1 else PATH)
        case _:
            return await _list(desk, form.refuse(found), 422)


@get(ONE, name=f"{NAME}.one")
async def show_one(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    return desk.guard() or await show_card(desk, customer_of(number), FilledForm(path_of(customer_of(number))), 200)


@post(f"{ONE}/shown", name=f"{NAME}.shown")
async def unmask(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    if redirect := desk.guard():
        return redirect
    customer, form = customer_of(number), await desk.read(PurposeForm)
    form.path = path_of(customer)
    if form.data is None:
        return await show_card(desk, customer, form, 422)
    expired = await customers.unmask(desk.scope, customer, form.data.purpose)
    return desk.to_sign_in() if expired else desk.redirect(path_of(customer))


@get([f"{ONE}/{act}" for act in ("shown", "lock", "sessions", "message")], name=f"{NAME}.acts")
async def show_acts(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    """For an address that was typed, or left in the address bar by a refused form."""
    return desk.guard() or desk.redirect(path_of(customer_of(number)))


def customer_of(number: str) -> int:
    return row_id(number, bits=32)


def path_of(customer: int) -> str:
    return f"{PATH}/{customer}"


async def show_card(desk: Desk, customer: int, form: FilledForm[Any], status: int) -> Response[Any]:
    """The card; back to the search where the customer is not open, whether or not there is one."""
    card = await customer_card.look(desk.scope, customer, noted=status == 200)
    match card:
        case SessionExpired():
            return desk.to_sign_in()
        case None:
            return desk.redirect(PATH, notice=Notice.CUSTOMER_NOT_OPEN)
        case _:
            answer: Response[Any] = desk.show("customer", status=status, form=form, customer=card)
            return answer


async def _list(desk: Desk, form: FilledForm[Any], status: int) -> Response[Any]:
    assert desk.person is not None
    found = await customers.listed(desk.scope, desk.person)
    answer: Response[Any] = desk.show("customers", status=status, form=form, customers=found)
    return answer


handlers = [show, search, show_one, unmask, show_acts]
