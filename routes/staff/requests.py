"""«Заявки»: the list, one request, and what a clerk does with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from pydantic import BeforeValidator

from domain.profile.sent_requests import Reason
from domain.refusals import Code, Refused
from domain.scope import Scope
from domain.staff import requests
from domain.staff.requests import OPEN, REASONS, State
from routes.forms import Choice, Comment, F, FilledForm, Form, MaxLength, error
from routes.notices import Notice
from routes.row_ids import number_of, row_id
from routes.staff.desk import Desk, ThisDesk

PATH, NAME = "/staff/requests", "staff.requests"
ONE = f"{PATH}/{{number:str}}"
_FILTERS: dict[str, tuple[State, ...]] = {"open": OPEN, **{state.value: (state,) for state in State}, "all": (*State,)}


class ActForm(Form):
    """`version` is that of the request as the clerk saw it."""

    version: Choice = ""


def _question(text: str) -> str:
    if not text.strip():
        raise error(Code.QUESTION_EMPTY)
    return text


class QuestionForm(ActForm):
    question: Annotated[Comment, BeforeValidator(_question)] = ""


class RefusalForm(ActForm):
    reason: Choice = ""
    explanation: Comment = ""


class ConnectionForm(ActForm):
    """An account of the list, or a typed number."""

    account: Choice = ""
    account_number: Annotated[str, MaxLength(100, Code.ACCOUNT_UNKNOWN)] = ""


@get(PATH, name=NAME)
async def show(desk: ThisDesk) -> Response[Any]:
    if redirect := desk.guard():
        return redirect
    asked = desk.page.request.query_params
    number = asked.get("number", "")[:100].replace("№", "").strip()
    if number:
        wanted = number_of(number)
        if await requests.exists(wanted):
            return desk.redirect(f"{PATH}/{wanted}")
    state = asked.get("state", "open")
    states = _FILTERS.get(state, OPEN)
    found, more = await requests.listed(desk.scope, states, number_of(asked.get("after", "")))
    answer: Response[Any] = desk.show(
        "requests",
        form=FilledForm(PATH, {"number": number}),
        requests=found,
        chosen=state if state in _FILTERS else "open",
        more=more,
        unknown=bool(number),
    )
    return answer


@get(ONE, name=f"{NAME}.one")
async def show_one(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    return desk.guard() or await _answer(desk, row_id(number, bits=32), FilledForm(_path(number)), 200)


@post(f"{ONE}/work", name=f"{NAME}.work")
async def take(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    return await _act(desk, number, ActForm, lambda _: requests.take, Notice.REQUEST_TAKEN)


@post(f"{ONE}/question", name=f"{NAME}.question")
async def ask(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    def asked(data: QuestionForm) -> _Act:
        return partial(requests.ask, question=data.question)

    return await _act(desk, number, QuestionForm, asked, Notice.REQUEST_ASKED)


@post(f"{ONE}/refusal", name=f"{NAME}.refusal")
async def refuse(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    def refused(data: RefusalForm) -> _Act:
        return partial(requests.refuse, reason=Reason(data.reason, data.explanation))

    return await _act(desk, number, RefusalForm, refused, Notice.REQUEST_REFUSED)


@post(f"{ONE}/connection", name=f"{NAME}.connection")
async def connect(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    def connected(data: ConnectionForm) -> _Act:
        return partial(requests.connect, account=number_of(data.account), typed=data.account_number)

    return await _act(desk, number, ConnectionForm, connected, Notice.REQUEST_CONNECTED)


@get([f"{ONE}/{act}" for act in ("work", "question", "refusal", "connection")], name=f"{NAME}.acts")
async def show_acts(desk: ThisDesk, number: FromPath[str]) -> Response[Any]:
    """For an address that was typed, or left in the address bar by a refused form."""
    return desk.guard() or desk.redirect(_path(number))


_Act = Callable[[Scope, int, int, int], Awaitable[Refused | None]]


async def _act(desk: Desk, number: str, model: type[F], act_of: Callable[[F], _Act], notice: Notice) -> Response[Any]:
    if redirect := desk.guard():
        return redirect
    assert desk.person is not None
    form, wanted = await desk.read(model), row_id(number, bits=32)
    form.path = _path(number)
    if form.data is not None:
        act, seen = act_of(form.data), form.typed["version"]
        refused = await act(desk.scope, desk.person.staff, wanted, number_of(seen) if seen else -1)
        if refused is None:
            return desk.redirect(_path(number), notice=notice)
        form.refuse(refused)
    return await _answer(desk, wanted, form, 422)


async def _answer(desk: Desk, number: int, form: FilledForm[Any], status: int) -> Response[Any]:
    assert desk.person is not None
    shown = await requests.look(desk.scope, desk.person.staff, number, noted=status == 200)
    if shown is None:
        raise NotFoundException
    answer: Response[Any] = desk.show("request", status=status, form=form, request=shown, reasons=REASONS)
    return answer


def _path(number: str) -> str:
    return f"{PATH}/{row_id(number, bits=32)}"


handlers = [show, show_one, take, ask, refuse, connect, show_acts]
