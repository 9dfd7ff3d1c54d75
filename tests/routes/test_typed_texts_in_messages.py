"""What a stranger may write into a message: nothing that becomes a link or a line of ours."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from domain.delivery.messages import MESSAGES, Message
from domain.values.people import read_email, read_name
from routes.templates import TEMPLATES

MESSAGES_FOLDER = TEMPLATES / "messages"
# Where each text of a message comes from. A new field of a message has to be put here.
READ_BY = {"first_name": read_name, "email": read_email}
OURS = {"code", "password", "link", "at", "new_phone", "new_email", "account_number", "last_four"}
# Imported by the operator, and sent to whoever the registry or the customer has confirmed.
OF_THE_REGISTRY = {"login", "address"}
# The staff read what was typed, each entry behind its label (test_connection.py).
FOR_THE_STAFF = {"entries"}
HOSTILE = (
    "http://evil.example", "https://evil.example/a?b", "evil.com", "www.evil.com", "t.me/x", "Анна evil.com", "мой.рф",
    "Анна\nПароль: 1", "Анна\r\nBcc: b@example.org", "Анна\u2028x.ru", "<a href=//evil.ru>", "javascript:alert(1)",
    "{{ 7 }}",
)  # fmt: skip
by_name = pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
_LINK = re.compile(r"(?i)\w\.\w|://|www|[\r\n<>@{}]")


def test_every_text_of_a_message_comes_from_somewhere_known() -> None:
    for message in MESSAGES:
        texts_of = {field.name for field in fields(message) if field.type not in {"int", "bool"}}
        assert texts_of <= READ_BY.keys() | OURS | OF_THE_REGISTRY | FOR_THE_STAFF, message.name


@by_name
@pytest.mark.parametrize("hostile", HOSTILE, ids=repr)
def test_no_text_of_a_stranger_becomes_a_link_or_a_line(message: type[Message], hostile: str) -> None:
    for field in fields(message):
        if field.name not in READ_BY:
            continue
        read = READ_BY[field.name](hostile)
        assert read is None or not _LINK.search(read), field.name


@by_name
def test_no_subject_holds_what_somebody_typed(message: type[Message]) -> None:
    path = MESSAGES_FOLDER / message.name / "subject.txt"
    if message.kind == "email":
        assert set(re.findall(r"\{\{\s*(\w+)", path.read_text(encoding="utf-8"))) <= {"_", "number"}
