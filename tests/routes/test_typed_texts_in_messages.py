"""What a stranger may write into a message: nothing that becomes a link or a line of ours."""

from __future__ import annotations

import re

import pytest

from domain.delivery.messages import MESSAGES, Message
from routes.design import TEMPLATES
from tests.routes.test_message_texts import sources_of

MESSAGES_FOLDER = TEMPLATES / "messages"
HOSTILE = (
    "http://evil.example", "https://evil.example/a?b", "evil.com", "www.evil.com", "t.me/x", "Анна evil.com", "мой.рф",
    "Анна\nПароль: 1", "Анна\r\nBcc: b@example.org", "Анна\u2028x.ru", "<a href=//evil.ru>", "javascript:alert(1)",
    "{{ 7 }}",
)  # fmt: skip
by_name = pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
_LINK = re.compile(r"(?i)\w\.\w|://|www|[\r\n<>@{}]")


def test_every_text_of_a_message_says_where_it_comes_from() -> None:
    """`str` alone does not: see `Source` in domain/delivery/messages.py."""
    unsaid = [
        (message.name, name) for message in MESSAGES for name, source in sources_of(message).items() if not source
    ]
    assert unsaid == []


@by_name
@pytest.mark.parametrize("hostile", HOSTILE, ids=repr)
def test_no_text_of_a_stranger_becomes_a_link_or_a_line(message: type[Message], hostile: str) -> None:
    for name, source in sources_of(message).items():
        if source is not None and source.read is not None:
            read = source.read(hostile)
            assert read is None or not _LINK.search(read), name


def test_what_greets_is_a_typed_name() -> None:
    """The one text of a stranger that customers get, except what the staff read (test_connection.py)."""
    typed = {name for message in MESSAGES for name, source in sources_of(message).items() if source and source.read}
    assert typed == {"first_name"}


@by_name
def test_no_subject_holds_what_somebody_typed(message: type[Message]) -> None:
    path = MESSAGES_FOLDER / message.name / "subject.txt"
    if message.kind == "email":
        assert set(re.findall(r"\{\{\s*(\w+)", path.read_text(encoding="utf-8"))) <= {"_", "number"}
