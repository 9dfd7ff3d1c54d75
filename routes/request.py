"""A connection request as its sender sees it: by the link of an e-mail, or by number and code."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath

from domain.profile import sent_requests
from domain.refusals import Code, Refused
from routes import links
from routes.forms import Comment, FilledForm, Form, MaxLength, Sealed
from routes.notices import Notice
from routes.own_path import TOKEN
from routes.page import Page, ThisPage

PATH, NAME = "/request", "request"
ANSWER = f"{PATH}s/answer"


class SearchForm(Form):
    number: Annotated[str, MaxLength(100, Code.REQUEST_UNKNOWN)] = ""
    request_code: Annotated[str, MaxLength(100, Code.REQUEST_UNKNOWN)] = ""


class AnswerForm(Form):
    answer_text: Comment = ""
    link: Sealed = ""


@get(f"{PATH}{TOKEN}", name=f"{NAME}.link")
async def open_link(page: ThisPage, token: FromPath[str]) -> Response[Any]:
    return links.move_token_to_cookie(page, PATH, token)


@get(PATH, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    return await _answer(page, links.token_of(page, PATH), FilledForm(PATH), 200)


@post(PATH, name=f"{NAME}.submit")
async def search(page: ThisPage) -> Response[Any]:
    form = await page.read(SearchForm)
    if form.data is None:
        return page.refuse("request/search", form)
    for name, code in (("number", Code.REQUEST_NUMBER_EMPTY), ("request_code", Code.REQUEST_CODE_EMPTY)):
        if not form.typed[name].strip():
            form.refuse(Refused(code, name))
    if form.errors:
        return page.refuse("request/search", form)
    found = await sent_requests.open_by_code(page.scope, form.data.number, form.data.request_code)
    if isinstance(found, Refused):
        return page.refuse("request/search", form.refuse(found))
    return links.move_token_to_cookie(page, PATH, found)


@post(ANSWER, name=f"{NAME}.answer")
async def answer(page: ThisPage) -> Response[Any]:
    form = await page.read(AnswerForm)
    token = links.token_of(page, PATH, form.typed["link"])
    if form.data is None:
        return await _answer(page, token, form, 422)
    if not form.data.answer_text:
        return await _answer(page, token, form.refuse(Refused(Code.ANSWER_EMPTY, "answer_text")), 422)
    kept = await sent_requests.answer(page.scope, token, form.data.answer_text)
    redirect = page.redirect(PATH, notice=Notice.ANSWER_SENT if kept else None)
    return links.move_token_to_cookie(page, PATH, token, redirect)


@get(ANSWER, name=f"{NAME}.answer.show")
async def show_answer(page: ThisPage) -> Response[Any]:
    """For an address that was typed."""
    return page.redirect(PATH)


async def _answer(page: Page, token: str, form: FilledForm[Any], status: int) -> Response[Any]:
    """The request; without a right token the form that asks for number and code."""
    shown = await sent_requests.look(page.scope, token)
    if shown is None:
        return page.show("request/search", form=FilledForm(PATH))
    return page.show("request/shown", status=status, form=form, request=shown, link=links.seal(page, PATH, token))


handlers = [open_link, show, search, answer, show_answer]
