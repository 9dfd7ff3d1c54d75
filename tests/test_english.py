"""English as the second language: nothing untranslated, nothing left over, and the binding Russian texts in place."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Message as Entry

from routes.catalogue import Catalogue, path_of, use_language
from routes.cli.texts import found_for, is_translated, messages_of, read_catalogue
from routes.design import TEMPLATES, Design
from routes.dev.gallery import draw
from routes.dev.states import PARTIALS, State, fragments, states_of
from routes.message_texts import MessageTexts
from routes.slips import SlipError
from routes.sources import sources
from routes.templates import Templates
from tests.languages import LANGUAGES
from tests.routes.test_message_texts import EXAMPLES

ROOT = TEMPLATES.parent
CYRILLIC = re.compile(r"[А-Яа-яЁё]+")
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}|<[^>]+>")
# Read by developers, in Russian; what customers see around them is in English.
FOR_DEVELOPERS = "dev/"
STATES = [state for fragment in fragments() for state in states_of(fragment)]
templates = Templates(ZoneInfo("Europe/Moscow"), lambda name: f"/static/{name}", sources(watch=False))
message_texts = MessageTexts()


# --- The catalogues ---


def texts_of(entry: Entry) -> tuple[str, ...]:
    return tuple(entry.string) if isinstance(entry.string, tuple | list) else (str(entry.string),)


def ids_of(entry: Entry) -> tuple[str, ...]:
    return tuple(entry.id) if isinstance(entry.id, tuple | list) else (str(entry.id),)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_templates_is_translated(language: str) -> None:
    translated = {ids_of(entry) for entry in messages_of(read_catalogue(language)) if is_translated(entry)}
    missing = [ids_of(entry)[0] for entry in messages_of(found_for(language)) if ids_of(entry) not in translated]
    assert missing == [], "run `make texts`, then translate them in templates/locale"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_has_lost_its_text(language: str) -> None:
    known = read_catalogue(language)
    found = {ids_of(entry) for entry in messages_of(found_for(language))}
    assert [ids_of(entry)[0] for entry in messages_of(known) if ids_of(entry) not in found] == []
    assert list(known.obsolete) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_names_what_its_text_names(language: str) -> None:
    for entry in messages_of(read_catalogue(language)):
        wanted = sorted(PLACEHOLDER.findall(ids_of(entry)[0]))
        for text in (*ids_of(entry), *texts_of(entry)):
            assert sorted(PLACEHOLDER.findall(text)) == wanted, text


def test_a_translation_fits_into_an_attribute_and_says_nothing_in_russian() -> None:
    for entry in messages_of(read_catalogue("en")):
        for text in texts_of(entry):
            assert '"' not in re.sub(r"<[^>]+>", "", text), "use the marks “ and ”, which end no attribute"
            assert "&" not in text
            assert not CYRILLIC.search(text)


def test_a_companys_catalogue_holds_its_own_texts_alone(tmp_path: Path) -> None:
    own = path_of("en", tmp_path)
    own.parent.mkdir(parents=True)
    own.write_text('msgid "Далее"\nmsgstr "Onwards"\n\nmsgid "Наш текст"\nmsgstr "A text of ours"\n', "utf-8")
    texts = Catalogue(Design(tmp_path)).texts("en")
    assert [texts.gettext(text) for text in ("Далее", "Наш текст", "Пароль")] == [
        "Onwards",
        "A text of ours",
        "Password",
    ]
    assert Catalogue(Design()).texts("en").gettext("Далее") == "Next"


def test_a_broken_catalogue_stops_the_start(tmp_path: Path) -> None:
    own = path_of("en", tmp_path)
    own.parent.mkdir(parents=True)
    own.write_text('msgid "Далее"\nmsgstr "Next"\nmsgid "', "utf-8")
    with pytest.raises(SlipError, match=r"locale/en/LC_MESSAGES/kabinet\.po:3: "):
        Catalogue(Design(tmp_path))


# --- What is shown ---


class _Shown(HTMLParser):
    """Every word that someone reads or hears, unless it is said to be Russian."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        russian = attributes.get("lang") == "ru" or bool(self._open and self._open[-1][1])
        if not russian:
            self.words += [value for name, value in attributes.items() if value and name != "class"]
        if tag not in {"meta", "link", "img", "input", "br"}:
            self._open.append((tag, russian))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag, tag

    def handle_data(self, data: str) -> None:
        if not (self._open and self._open[-1][1]):
            self.words.append(data)


def russian_in(page: str, made_up: Any = ()) -> list[str]:
    """Russian words of a page that are not in the made-up values."""
    shown = _Shown()
    shown.feed(page)
    shown.close()
    values = sorted(set(strings_of(made_up)), key=len, reverse=True)
    left = "\n".join(shown.words)
    for value in values:
        left = left.replace(value, "")
    return CYRILLIC.findall(left)


def strings_of(value: Any) -> Iterator[str]:
    if isinstance(value, str) and CYRILLIC.search(value):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings_of(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings_of(one)


@pytest.mark.parametrize("layout", ["page.html", "fragment.html"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: f"{state.fragment}: {state.name}")
def test_every_state_is_english_from_end_to_end(state: Any, layout: str) -> None:
    declared = json.loads((PARTIALS / f"{state.fragment}.states.json").read_text("utf-8"))
    with use_language("en"):
        page = draw(templates, State(state.fragment, state.name, {"signed_in": True, **state.values}), layout)
    if state.fragment.startswith(FOR_DEVELOPERS):
        page = re.sub(r"<title>.*?</title>", "", page)
    assert russian_in(page, [declared.get("with", {}), declared["states"][state.name]]) == []


def test_the_check_sees_what_nobody_has_translated() -> None:
    assert russian_in('<p>Далее</p><p title="Нет">x</p><p lang="ru">Да</p>') == ["Далее", "Нет"]


def test_what_comes_up_later_is_english_too() -> None:
    """The note of a session that ends, and what the script says."""
    at = states_of("registration/account/code")[0].values["next_at"]
    with use_language("en"):
        assert (
            russian_in(
                templates.render("partials/session.html", {"idle_until": at, "now": at, "signed_in": True, "whose": ""})
            )
            == []
        )
    for script in (ROOT / "static").glob("*.js"):
        code = re.sub(r"/\*.*?\*/", "", script.read_text("utf-8"), flags=re.DOTALL)
        assert not CYRILLIC.search(code), script.name
    assert not CYRILLIC.search((ROOT / "static/portal.css").read_text("utf-8"))


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message.name)
def test_every_message_is_english(message: Any) -> None:
    if message.to_staff:
        return  # the staff read Russian, in every language of a customer
    rendered = message_texts(message.name, message.values(), "en")
    for part in (rendered.text, rendered.subject or "", html.unescape(rendered.html or "")):
        assert not CYRILLIC.search(part)
    if message.kind == "email":
        assert '<html lang="en">' in (rendered.html or "")


def test_dates_periods_and_amounts_are_printed_as_the_language_has_them() -> None:
    at = states_of("registration/account/code")[0].values["next_at"]
    template = templates.environment.from_string("{{ at | past_day }}; {{ month | period }}; {{ kopecks | amount }}")
    values = {"at": at, "month": "2026-08", "kopecks": 1605853}
    assert template.render(values).replace("\u00a0", " ") == "15 сентября в 14:32; Август 2026; 16 058,53"
    with use_language("en"):
        assert template.render(values).replace("\u00a0", " ") == "15 September at 14:32; August 2026; 16,058.53"


# --- The binding Russian texts ---


BINDING = (
    "По номеру телефона", "Логин и Пароль", "Регистрация", "По лицевому счету", "По номеру карты", "Показать пароль",
    "Номер мобильного телефона", "Далее", "Войти в личный кабинет", "Я забыл пароль", "Логин", "Пароль",
    "Подтверждение номера мобильного телефона", "Подтвердить номер", "Создание пароля", "Сохранить и перейти ко входу",
    "Я согласен на обработку персональных данных", "Код из СМС", "Отправить код еще раз", "Изменить номер",
    "Расчетный период", "Номер лицевого счета", "Сумма к оплате", "Это ваш адрес?", "Да", "Нет", "Фамилия", "Имя",
    "Отчество", "Дата рождения", "Электронная почта", "Зарегистрироваться", "Подтвердить почту",
    "Заявка на подключение", "Отправить заявку на подключение", "Отправить заявку",
    "Комментарий", "Адрес", "Номер карты", "Код с картинки",
    "Другая картинка", "Прослушать код", "Продолжить", "Номер телефона", "Завершить регистрацию", "Сохранить",
    "Отправить письмо еще раз", "Добавить лицевой счет", "Добавить", "Добавить карту", "Скачать мои данные",
    "Удалить личный кабинет", "Выйти", "Запомнить на этом устройстве",
    "Введен некорректный номер телефона", "Подтвердите согласие на обработку персональных данных",
    "Код не соответствует полученному в СМС", "Введите код из СМС", "Срок действия кода истек. Запросите новый",
    "Превышено число попыток ввода кода. Запросите новый", "Новый код можно запросить в {time}", "Введите пароль",
    "Неверный логин или пароль", "Превышено число попыток входа. Повторите в {time}",
    "Подтвердите почту: перейдите по ссылке из письма, отправленного на {email}",
    "Введены некорректные данные: данного абонента нет в системе",
    "Превышено число попыток. Повторите {date} или отправьте заявку на подключение",
    "Этот лицевой счет уже добавлен", "Карта и адрес электронной почты не связаны между собой. Проверьте данные",
    "У держателя этой карты уже есть логин и пароль", "Код с картинки введен неверно", "Заполните обязательное поле",
    "Введен некорректный адрес электронной почты", "Введите дату рождения в виде ДД.ММ.ГГГГ",
    "Пароль не соответствует всем условиям", "Ссылка недействительна или уже использована",
    "Сеанс завершен. Начните заново",
)  # fmt: skip


def test_the_binding_texts_stand_in_the_templates() -> None:
    said = {text for entry in messages_of(found_for("en")) for text in ids_of(entry)}
    assert [text for text in BINDING if text not in said] == []
