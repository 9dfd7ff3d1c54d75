"""The form of a «Заявка на подключение», at registration and in the profile."""

from __future__ import annotations

from domain.profile.connection_requests import Request
from routes.forms import Comment, Email, Form, Line, Name, RequiredLine, RequiredName

FRAGMENT, SENT_FRAGMENT = "registration/account/connection", "registration/account/sent"
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
