"""How every text is written, in both languages: full stops, titles, numbers with their nouns, what fits one SMS."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.delivery.messages import MESSAGES, Message
from domain.refusals import Code, Refused
from domain.values.phones import mask_phone
from routes.brand import read_brand
from routes.catalogue import use_language
from routes.design import Design
from routes.dev.gallery import draw
from routes.dev.states import State, fragments, states_of
from routes.legal import consent_text
from routes.message_texts import MessageTexts
from routes.sources import sources
from routes.templates import Templates
from tests.languages import LANGUAGES

# Developers' pages are plain; the paragraphs of a document end with stops, each of them.
_OTHERS = ("dev/", "legal/", "sign_in/consent")
FRAGMENTS = [fragment for fragment in fragments() if not fragment.startswith(_OTHERS)]
templates = Templates(ZoneInfo("Europe/Moscow"), lambda name: f"/static/{name}", sources(watch=False))
messages = MessageTexts()
BRAND = read_brand(Design()).texts("ru")
# Two sentences without a stop at their end: the product's own words.
BINDING = re.compile(
    r"Срок действия кода истек\. Запросите новый|Превышено число попыток ввода кода\. Запросите новый"
    r"|Карта и адрес электронной почты не связаны между собой\. Проверьте данные|Сеанс завершен\. Начните заново"
    r"|Превышено число попыток( входа)?\. Повторите .*"
)
# Between two sentences, unless it is an abbreviation that ends there.
_BETWEEN = re.compile(r"([^\W\d_]*)[^\s\w.]*[.!][»”)]*\s+(?=[«“(]?[A-ZА-Я\d])")
_ABBREVIATIONS = {"г", "ул", "д", "кв", "корп", "наб", "пер", "пр", "уч", "no"}
_SMALL_WORDS = "из|в|на|и|до|от|по|для|или|of|at|to|and|or|for|is|if|on|in|the"
_CALL = re.compile(r"(?i)позвоните|звоните|\bcall\b")
_LOOSE_NUMBER = re.compile(rf"\d (?!(?:{_SMALL_WORDS})\b)[а-яa-z]{{2,}}")


def lines(page: str) -> list[str]:
    """The text of each paragraph, heading, item, label and button."""
    text = re.sub(r"<(script|style|svg|option|textarea)\b.*?</\1>", "\n", page, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->|<a class=\"button.*?>|(?<=\S)</a>(?=\s*\n)", "\n", text, flags=re.DOTALL)
    text = re.sub(r"</?(?:a|b|span|strong|time|code)\b[^>]*>", "", text)
    parted = html.unescape(re.sub(r"<[^>]*>", "\n", text)).split("\n")
    # Only ordinary spaces are taken together: one that does not break is looked for below.
    return [line for line in (re.sub(r"[ \t]+", " ", part).strip(" ") for part in parted) if line]


def wrongly_ended(line: str) -> bool:
    """Two sentences end with a stop each, one alone has none."""
    # A question has its own mark, and so has what follows it: «Уже есть личный кабинет? Войти».
    if BINDING.fullmatch(line) or line.endswith((":", "?", "!", "…")) or re.search(r"\?\s", line):
        return False
    several = any(word.lower() not in _ABBREVIATIONS for word in _BETWEEN.findall(line))
    return line.endswith(".") != several


def shown(fragment: str, language: str) -> Iterator[tuple[str, list[str]]]:
    """Every state of a fragment by its name, as the lines on its page."""
    for state in states_of(fragment):
        with use_language(language):
            values = {"signed_in": True, "idle_until": _SOME_TIME, **state.values}
            yield state.name, lines(draw(templates, State(fragment, state.name, values)))


def said(message: type[Message], language: str, **changed: Any) -> list[str]:
    """The lines of a message: of its subject, of its text, and of its HTML."""
    rendered = messages(message.name, {**message.example, **changed}, language)
    return [*(rendered.subject or "").split("\n"), *rendered.text.split("\n"), *lines(rendered.html or "")]


_SOME_TIME = states_of("registration/account/code")[0].values["next_at"]
in_each_language = pytest.mark.parametrize("language", LANGUAGES)
each_fragment = pytest.mark.parametrize("fragment", FRAGMENTS)
each_message = pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)


@in_each_language
@each_fragment
def test_every_text_of_a_fragment_is_written_by_the_rules(fragment: str, language: str) -> None:
    number = BRAND["phone"]
    for state, texts in shown(fragment, language):
        wrong = [text for text in texts if wrongly_ended(text) or _LOOSE_NUMBER.search(text)]
        assert wrong == [], state
        assert [text for text in texts if _CALL.search(text) and number not in text] == [], state
        if fragment != "profile/overview":  # the form of one more account has a heading of its own
            title, heading = texts[0].rpartition(" — ")[0], _heading(fragment, state, language)
            assert title.removeprefix("Ошибка: ").removeprefix("Error: ") == heading, state


def _heading(fragment: str, name: str, language: str) -> str:
    state = next(one for one in states_of(fragment) if one.name == name)
    with use_language(language):
        found = re.search(r"<h1\b[^>]*>(.*?)</h1>", draw(templates, state), re.DOTALL)
    assert found
    return " ".join(lines(found[1]))


@in_each_language
@each_message
def test_every_text_of_a_message_is_written_by_the_rules(message: type[Message], language: str) -> None:
    if message.to_staff:
        language = "ru"
    texts = said(message, language)
    assert [text for text in texts if wrongly_ended(text) or _LOOSE_NUMBER.search(text)] == []
    number = BRAND["phone"]
    assert [text for text in texts if _CALL.search(text) and number not in text] == []


@in_each_language
def test_every_error_is_written_by_the_rules(language: str) -> None:
    refusals = {code: Refused(code, "", _SOME_TIME, digits=6, countries=("RU", "BY")) for code in Code}
    with use_language(language):
        told = templates.environment.from_string("{{ error_text(refused, 'i@example.org') }}")
        texts = [html.unescape(told.render(refused=refused)) for refused in refusals.values()]
    assert [text for text in texts if wrongly_ended(text) or _LOOSE_NUMBER.search(text)] == []


# As long as settings and numbering plans let them be.
LONGEST: dict[str, Sequence[str | int]] = {
    "code": ["4839201234"],
    "good_for": [600, 90, 86399, 259200, 2**31 - 1],
    "password": ["k7m4pqr9wx"],
    "new_phone": [mask_phone(phone) for phone in ("+79123456789", "+375291234567", "+998901234567")],
    "gateway": ["sms.g" + 50 * "x" + ".ru"],
}


@in_each_language
@pytest.mark.parametrize("message", [m for m in MESSAGES if m.kind == "sms"], ids=lambda message: message.name)
def test_every_sms_fits_one_segment(message: type[Message], language: str) -> None:
    """70 characters of UCS-2 (3GPP TS 23.038), which one letter beyond the alphabet of GSM asks for."""
    for values in itertools.product(*(LONGEST[name] for name in message.example)):
        (text,) = [one for one in said(message, language, **dict(zip(message.example, values, strict=True))) if one]
        assert len(text.encode("utf-16-be")) // 2 <= 70, text


def test_the_number_to_call_can_be_pressed() -> None:
    page = draw(templates, states_of("sign_in/phone")[0])
    known = BRAND
    assert f'href="tel:{known["phone_link"]}">{known["phone"]}</a>' in html.unescape(page)
    assert re.sub(r"\D", "", known["phone"])[1:] == known["phone_link"][2:]


def test_the_consent_is_recorded_by_its_version() -> None:
    assert consent_text(templates).version == "2026-12"


# What customers stumbled over, and what is said instead; a text without a former one is new.
INSTEAD = (
    ("Он действует 10 минут", "Код действует 10 минут"),
    ("Им вы будете входить", "С этим паролем и номером телефона вы будете входить в кабинет"),
    ("Есть и у других пользователей", "Этот счет добавили и другие пользователи"),
    ("Мы отправили его и на почту", "Номер заявки мы отправили на почту"),
    ("ответят письмом", "Ответим письмом в течение 3 рабочих дней"),
    ("свяжемся", "Ответим письмом в течение 3 рабочих дней"),
    ("Без действий сеанс", "Если ничего не делать, вы выйдете из кабинета в"),
    ("Сеанс скоро завершится", "Скоро вы выйдете из кабинета. Остаться?"),
    ("На номер, который привязан к карте", "На этот номер уже зарегистрирован личный кабинет"),
    ("после входа вы создадите свой", "Пароль на один вход, действует 72 часа. Потом вы придумаете свой"),
    ("не из числа распространенных", "не из списка популярных паролей"),
    ("знак, который не буква и не цифра", "специальный знак, например ! ? -"),
    ("стал адресом вашего кабинета", "Вы меняете почту. Подтвердите новый адрес"),
    ("Письма приходят теперь туда", "Теперь письма приходят на новый адрес"),
    ("Там, где сеанс завершен", "Готово. На этих устройствах придется войти снова"),
    ("Завершить все остальные", "Выйти на всех других"),
    ("", "Выйти на этом устройстве"),
    ("Журнал", "История входов"),
    ("; адрес 127.0.0.1", "IP-адрес"),
    ("Файл JSON", "Все, что мы храним о вас, одним файлом"),
    ("Не добавлять", "Отмена"),
    ("впервые у нас", "Впервые у нас?"),
    ("Введенное сохранилось", "То, что вы ввели, осталось на экране"),
    ("ничего не делайте", "Если это не вы, просто удалите письмо"),
    ("", "Неверный пароль"),
    ("", "Введите адрес электронной почты"),
)


def test_what_customers_stumbled_over_is_said_in_other_words() -> None:
    pages = [text for fragment in FRAGMENTS for _, texts in shown(fragment, "ru") for text in texts]
    mails = [text for message in MESSAGES for text in said(message, "ru")]
    everything = re.sub(r"\s+", " ", "\n".join([*pages, *mails]))
    assert [former for former, _ in INSTEAD if former and former in everything] == []
    assert [instead for _, instead in INSTEAD if instead not in everything] == []
    # The staff end the sessions of a customer by this word.
    staff = {
        text
        for name in FRAGMENTS
        if name.startswith("staff/")
        for _, said_there in shown(name, "ru")
        for text in said_there
    }
    assert "Завершить" not in "\n".join({*pages, *mails} - staff).replace("Завершить регистрацию", "")


def test_the_button_that_registers_says_so_in_english() -> None:
    assert "Register" in [text for _, texts in shown("sign_in/phone", "en") for text in texts]
