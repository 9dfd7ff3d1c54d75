"""The words of the messages: complete, escaped where they are HTML, in the portal's Russian."""

from __future__ import annotations

import re
from dataclasses import fields
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from jinja2 import UndefinedError

from domain.delivery.messages import (
    MESSAGES,
    ConnectionRequestForStaff,
    EmailConfirmation,
    Message,
    RegistrationCode,
    Source,
)
from routes.design import TEMPLATES
from routes.message_texts import MessageTexts
from routes.sources import sources

EVIL = '<script>alert("1")</script> & Co'
LINK = "https://kabinet.example.org/email/confirm?token=abc&x=1"


def sources_of(message: type[Message]) -> dict[str, Source | None]:
    """Where each text of a message comes from; None where it does not say so."""
    hints = get_type_hints(message, include_extras=True)
    marks = {field.name: getattr(hints[field.name], "__metadata__", (None,))[0] for field in fields(message)}
    return {name: mark for name, mark in marks.items() if hints[name] not in {int, bool}}


def hostile(message: type[Message]) -> Message:
    """Its example, with HTML in every text that the portal has not made."""
    values: dict[str, Any] = dict(message.example)
    for name, source in sources_of(message).items():
        if source is not None and not source.ours:
            listed = isinstance(values[name], list)
            values[name] = [(label, text and EVIL) for label, text in values[name]] if listed else EVIL
    return message(**values)


EXAMPLES = tuple(map(hostile, MESSAGES))
texts = MessageTexts()
by_name = pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message.name)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in {"meta", "br", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data if "style" not in self.open else ""


@by_name
def test_each_kind_has_its_parts_and_no_loose_ends(message: Message) -> None:
    rendered = texts(message.name, message.values())
    if message.kind != "email":
        assert (rendered.subject, rendered.html) == (None, None)
    else:
        assert rendered.subject
        assert "\n" not in rendered.subject
        assert rendered.html
    for part in (rendered.text, rendered.subject or "", rendered.html or ""):
        assert "{{" not in part
        assert not re.search(r"[ \t]+$", part, re.MULTILINE)
        assert "ё" not in part.lower()


@by_name
def test_html_is_whole_and_nobody_can_write_into_it(message: Message) -> None:
    html = texts(message.name, message.values()).html
    if html is None:
        return
    assert html.startswith('<!DOCTYPE html><html lang="ru">')
    words = _Words()
    words.feed(html)
    words.close()
    assert words.open == []
    assert "script" not in words.tags
    assert EVIL in words.words or EVIL not in str(message.values())


def test_the_plain_text_is_not_escaped() -> None:
    rendered = texts("connection-request-for-staff", hostile(ConnectionRequestForStaff).values())
    assert f"Фамилия: {EVIL}" in rendered.text
    assert "Комментарий: —" in rendered.text
    assert rendered.subject == "Новая заявка на\u00a0подключение №\u00a017"


def test_the_code_stands_early_in_its_sms() -> None:
    text = texts("registration-code", RegistrationCode(code="483920", good_for=600).values()).text
    assert text == "Код 483920 для регистрации (Кабинет). Никому его не сообщайте."


def test_the_link_can_be_pressed_and_copied() -> None:
    rendered = texts("email-confirmation", EmailConfirmation("Иван", LINK, 3 * 86400).values())
    assert rendered.html
    assert rendered.html.count('href="https://kabinet.example.org/email/confirm?token=abc&amp;x=1"') == 2
    assert ">https://kabinet.example.org/email/confirm?token=abc&amp;x=1</a>" in rendered.html
    assert ">Подтвердить почту</a>" in rendered.html
    assert LINK in rendered.text.split("\n")
    for part in (rendered.text, rendered.html):
        assert "Здравствуйте, Иван!" in part
        assert "3\u00a0дня" in unescape(part)
        assert "Если это не вы, просто удалите письмо" in part


def test_a_name_that_a_message_does_not_have_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "messages" / "x").mkdir(parents=True)
    (tmp_path / "messages" / "x" / "sms.txt").write_text("{{ nobody }}")
    with pytest.raises(UndefinedError):
        MessageTexts(sources(watch=False, own=tmp_path))("x", {})


GREETINGS = {
    "ru": {"Анна": "Здравствуйте, Анна!", "": "Здравствуйте!", "  ": "Здравствуйте!"},
    "en": {"Анна": "Hello Анна,", "": "Hello,", "  ": "Hello,"},
}


@pytest.mark.parametrize("language", GREETINGS)
@pytest.mark.parametrize("name", GREETINGS["ru"])
@by_name
def test_every_email_greets_with_the_name_or_without_one(message: Message, name: str, language: str) -> None:
    """Customers of the card track have none: nobody is greeted as «, !»."""
    if message.kind != "email" or message.to_staff:
        return
    named = "first_name" in message.values()
    rendered = texts(message.name, message.values() | ({"first_name": name} if named else {}), language)
    greeting = GREETINGS[language][name if named else ""]
    assert rendered.text.split("\n")[0] == greeting
    assert rendered.html
    words = _Words()
    words.feed(rendered.html)
    assert greeting in [line.strip() for line in words.words.split("\n")]
    assert not re.search(r"[,\s]!|\s,|[«“]\s", rendered.text + words.words)


def test_the_greeting_stands_in_one_place() -> None:
    holding = {
        path.name
        for path in (TEMPLATES / "messages").rglob("*.*")
        if re.search(r"Здравствуйте|Hello", path.read_text(encoding="utf-8"))
    }
    assert holding == {"greeting.txt"}
