"""Who the customer is, in any sane form; every mistake told at once and what was typed kept."""

from __future__ import annotations

from domain.registration.progress import Person
from tests.browser import PERSON, Browser, location, path_after, path_of
from tests.screen import errors, value_of, words

PATH = path_of("person")
TYPED = PERSON
BROUGHT = Person("Иванова", "Мария", "", "1984-03-31", "m@example.org")


async def test_everything_wrong_is_told_at_once_and_kept(client: Browser) -> None:
    await client.reach("person")
    typed = {"last_name": "", "first_name": "4нна", "patronymic": "", "birth_date": "31.02.1990", "email": "a@b"}
    answer = await client.post(PATH, typed)
    assert errors(answer) == [
        "Заполните обязательное поле",
        "Допустимы только буквы, пробел, дефис и апостроф",
        "Такого дня не существует. Введите дату рождения в виде ДД.ММ.ГГГГ.",
        "Введен некорректный адрес электронной почты",
    ]
    assert {name: value_of(answer, name) for name in typed} == typed


async def test_dates_that_cannot_be_birth_dates(client: Browser) -> None:
    await client.reach("person")
    for date in ("", "15.09.2036", "16.09.2036", "01.01.1900", "00.01.1990", "1.1.90", "завтра", "1990"):
        answer = await client.post(PATH, {**PERSON, "birth_date": date})
        assert answer.status_code == 422, date


async def test_dates_in_any_sane_form_are_shown_in_one(client: Browser) -> None:
    await client.reach("person")
    for date in ("05.03.1984", "5/3/1984", "1984-03-05", "05031984", "０５．０３．１９８４"):
        assert location(await client.post(PATH, {**PERSON, "birth_date": date})) == path_after("person")
        assert value_of(await client.get(PATH), "birth_date") == "05.03.1984", date


async def test_names_are_cleaned_of_what_cannot_be_seen(client: Browser) -> None:
    await client.reach("person")
    names = {"last_name": "\u202eИва\0нова\u200f", "first_name": "  Анна-\u00adМария ", "patronymic": "\u200b"}
    assert location(await client.post(PATH, {**PERSON, **names})) == path_after("person")
    back = await client.get(PATH)
    assert value_of(back, "last_name") == "Иванова"
    assert value_of(back, "first_name") == "Анна-Мария"
    assert value_of(back, "patronymic") == ""


async def test_names_in_small_letters_are_kept_with_capitals(client: Browser) -> None:
    await client.reach("person")
    names = {"last_name": "салтыкова-щедрина", "first_name": "МАРИЯ", "patronymic": "ахмед кызы"}
    await client.post(PATH, {**PERSON, **names})
    back = await client.get(PATH)
    assert [value_of(back, name) for name in names] == ["Салтыкова-Щедрина", "Мария", "Ахмед кызы"]


async def test_a_foreign_patronymic_is_nobodys_duty(client: Browser) -> None:
    await client.reach("person")
    person = {**PERSON, "last_name": "Nguyễn", "first_name": "O’Neil", "patronymic": ""}
    assert location(await client.post(PATH, person)) == path_after("person")


async def test_the_terms_are_accepted_by_going_on_and_open_on_a_click(client: Browser) -> None:
    await client.reach("person")
    shown = await client.get(PATH)
    assert "вы принимаете условия использования сервиса" in words(shown)
    assert 'href="/terms"' in shown.text
    assert (await client.get("/terms")).status_code == 200


async def test_each_field_is_checked_when_it_is_left(client: Browser) -> None:
    await client.reach("person")
    answer = await client.htmx(f"{PATH}/fields/birth_date", {"birth_date": "31.02.1990", "email": ""}, at=PATH)
    assert errors(answer) == ["Такого дня не существует. Введите дату рождения в виде ДД.ММ.ГГГГ."]
    answer = await client.htmx(f"{PATH}/fields/email", {"email": "ivanova@example.org"}, at=PATH)
    assert errors(answer) == []
