"""The form of a «Заявка на подключение», at registration and in the profile."""

from __future__ import annotations

from typing import Any

from litestar import Response

from domain.profile import sent_requests
from domain.profile.connection_requests import Request
from routes.forms import Comment, Email, FilledForm, Form, Line, Name, RequiredLine, RequiredName
from routes.page import Page

FRAGMENT = "registration/account/connection"
CHECKED = ("last_name", "first_name", "patronymic", "email")


class ConnectionForm(Form):
    last_name: RequiredName = ""
    first_name: RequiredName = ""
    patronymic: Name = ""
    email: Email = ""
    address: RequiredLine = ""
    account_number: Line = ""
    comment: Comment = ""


def request_of(data: ConnectionForm) -> Request:
    return Request(**data.model_dump())


def show_form(page: Page, form: FilledForm[Any], status: int, *, phone: str, search: str) -> Response[Any]:
    """`phone` is the confirmed one, `search` the address to search for the account again."""
    days = page.settings.answer_days
    return page.show(FRAGMENT, status=status, form=form, phone=phone, search=search, answer_days=days)


def show_sent_request(page: Page, number: int, email: str) -> Response[Any]:
    days = page.settings.answer_days
    code = sent_requests.code_of(page.scope, number)
    return page.show("registration/account/sent", number=number, code=code, email=email, answer_days=days)
