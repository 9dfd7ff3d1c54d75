"""What a clerk does on the card of a customer: locks, sessions, one account, and an admin the deletion."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from domain.refusals import Refused, SessionExpired
from domain.staff import customer_acts, customer_card
from domain.staff.customer_acts import Done, NotOpen
from domain.staff.people import Role
from routes.forms import Choice, FilledForm, Form
from routes.notices import Notice
from routes.row_ids import row_id
from routes.staff.customers import NAME, ONE, PATH, PurposeForm, customer_of, path_of, show_card
from routes.staff.desk import Desk, ThisDesk

ACCOUNT, DELETION = f"{ONE}/accounts/{{account:str}}", f"{ONE}/deletion"


class LockForm(Form):
    lock: Choice = ""


@post(f"{ONE}/lock", name=f"{NAME}.lock")
async def lift_lock(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    if redirect := desk.guard():
        return redirect
    customer, form = customer_of(number), await desk.read(LockForm)
    done = await customer_acts.lift_lock(desk.scope, customer, form.typed["lock"])
    return _after(desk, done, path_of(customer), Notice.CUSTOMER_UNLOCKED)


@post(f"{ONE}/sessions", name=f"{NAME}.sessions")
async def end_sessions(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    if redirect := desk.guard():
        return redirect
    customer = customer_of(number)
    done = await customer_acts.end_sessions(desk.scope, customer)
    return _after(desk, done, path_of(customer), Notice.CUSTOMER_SIGNED_OUT)


@post(f"{ONE}/message", name=f"{NAME}.message")
async def send_again(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    if redirect := desk.guard():
        return redirect
    customer = customer_of(number)
    done = await customer_acts.send_again(desk.scope, customer)
    if isinstance(done, Refused):
        form: FilledForm[Any] = FilledForm(path_of(customer))
        return await show_card(desk, customer, form.refuse(done), 422)
    return _after(desk, done, path_of(customer), Notice.CUSTOMER_MESSAGED)


@get(ACCOUNT, name=f"{NAME}.account")
async def show_account(desk: ThisDesk, number: FromPath[str], account: FromPath[str]) -> Response[Any]:
    if redirect := desk.guard():
        return redirect
    path = f"{path_of(customer_of(number))}/accounts/{row_id(account, bits=32)}"
    return await _account(desk, customer_of(number), row_id(account, bits=32), FilledForm(path), 200)


@post(ACCOUNT, name=f"{NAME}.account.detach")
async def detach(desk: ThisDesk, number: FromPath[str], account: FromPath[str]) -> Response[Any]:
    if redirect := desk.guard():
        return redirect
    customer, which, form = customer_of(number), row_id(account, bits=32), await desk.read(PurposeForm)
    if form.data is None:
        return await _account(desk, customer, which, form, 422)
    done = await customer_acts.detach(desk.scope, customer, which, form.data.purpose)
    return _after(desk, done, path_of(customer), Notice.CUSTOMER_DETACHED)


async def _account(desk: Desk, customer: int, account: int, form: FilledForm[Any], status: int) -> Response[Any]:
    found = await customer_card.look_at_account(desk.scope, customer, account, noted=status == 200)
    match found:
        case SessionExpired():
            return desk.to_sign_in()
        case None:
            return desk.redirect(PATH, notice=Notice.CUSTOMER_NOT_OPEN)
        case _:
            answer: Response[Any] = desk.show("customer-account", status=status, form=form, found=found)
            return answer


@get(DELETION, name=f"{NAME}.deletion")
async def show_deletion(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    if redirect := desk.guard_confirmed(Role.ADMIN):
        return redirect
    return await _deletion(desk, customer_of(number), FilledForm(f"{path_of(customer_of(number))}/deletion"), 200)


@post(DELETION, name=f"{NAME}.deletion.submit")
async def delete(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    customer = customer_of(number)
    if redirect := desk.guard_confirmed(Role.ADMIN, f"{path_of(customer)}/deletion"):
        return redirect
    form = await desk.read(PurposeForm)
    if form.data is None:
        return await _deletion(desk, customer, form, 422)
    done = await customer_acts.delete(desk.scope, customer, form.data.purpose)
    return _after(desk, done, PATH, Notice.CUSTOMER_DELETED)


async def _deletion(desk: Desk, customer: int, form: FilledForm[Any], status: int) -> Response[Any]:
    card = await customer_card.look(desk.scope, customer, noted=status == 200)
    match card:
        case SessionExpired():
            return desk.to_sign_in()
        case None:
            return desk.redirect(PATH, notice=Notice.CUSTOMER_NOT_OPEN)
        case _:
            answer: Response[Any] = desk.show("customer-deletion", status=status, form=form, customer=card)
            return answer


def _after(desk: Desk, done: Done, path: str, notice: Notice) -> Response[Any]:
    match done:
        case SessionExpired():
            return desk.to_sign_in()
        case NotOpen():
            return desk.redirect(PATH, notice=Notice.CUSTOMER_NOT_OPEN)
        case _:
            return desk.redirect(path, notice=notice)


handlers = [lift_lock, end_sessions, send_again, show_account, detach, show_deletion, delete]
