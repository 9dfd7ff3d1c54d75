"""A further language is files alone: a catalogue in `locale/`, and its texts in `brand.toml`."""

from __future__ import annotations

import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from routes import formatting
from routes.catalogue import Catalogue, path_of, use_language
from routes.checks.texts import text_slips
from routes.cli.texts import texts_command
from routes.design import BRAND, TEMPLATES, Design
from routes.language import accepted
from routes.message_texts import MessageTexts
from routes.slips import SlipError
from routes.sources import sources
from tests.browser import Browser
from tests.screen import words

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
GERMAN = {"Accept-Language": "de-CH,de;q=0.9"}
TEXTS = {
    "Вход в личный кабинет": "Anmelden",
    "Язык": "Sprache",
    "Ссылка действует %(lasting)s": "Der Link gilt %(lasting)s",
    "Код %(code)s для регистрации (%(name)s). Никому его не сообщайте.": "Code %(code)s, %(name)s",
}


def add_german(folder: Path) -> Path:
    catalogue = path_of("de", folder)
    catalogue.parent.mkdir(parents=True)
    header = 'msgid ""\nmsgstr "Language: de\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
    catalogue.write_text(header + "".join(f'msgid "{one}"\nmsgstr "{said}"\n' for one, said in TEXTS.items()), "utf-8")
    brand = (TEMPLATES / BRAND).read_text("utf-8")
    (folder / BRAND).write_text(re.sub(r'(en = "([^"]*)") }', r'\1, de = "DE \2" }', brand), "utf-8")
    return folder


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return add_german(tmp_path_factory.mktemp("ours"))


@pytest.fixture
def changed(own: Path) -> dict[str, Any]:
    return {"sms": ("outbox:",), "templates": own}


@on_sqlite
async def test_pages_are_in_it_and_a_menu_leads_to_each_of_the_others(client: Browser) -> None:
    page = await client.get("/", headers=GERMAN)
    assert (page.headers["content-language"], '<html lang="de">' in page.text) == ("de", True)
    assert "<title>Anmelden — DE Online account</title>" in page.text
    menu = page.text.partition('<details class="menu">')[2].partition("</details>")[0]
    assert '<summary id="language-button" aria-label="Sprache">' in menu
    found = re.findall(r'formaction="/language/(\w+)\?back=/" lang="(\w+)">(\w+)<', menu)
    assert found == [("ru", "ru", "Русский"), ("en", "en", "English")]
    # Each is kept by itself, and the cookie goes before what the browser asks for.
    assert "Вход в личный кабинет" in words(await client.get("/"))
    assert (await client.http.post("/language/de?back=/")).headers["set-cookie"].startswith("language=de;")
    again = await client.get("/", headers={"Accept-Language": "en"})
    assert again.headers["content-language"] == "de"
    consent = (await client.get("/personal-data")).text
    assert '<div lang="ru">' in consent
    assert "This is a translation" not in consent


@on_sqlite
async def test_after_the_choice_the_focus_is_on_the_menu(client: Browser) -> None:
    answer = await client.http.post("/language/de?back=/sign-in/phone", data={"phone": "12"})
    page = await client.follow(answer)
    assert '<summary id="language-button" aria-label="Sprache" autofocus>' in page.text
    assert 'value="12"' in page.text


@on_sqlite
async def test_the_gallery_shows_it(another_browser: Any) -> None:
    designer = another_browser("127.0.0.1")
    page = (await designer.get("/dev/gallery?language=de&of=sign_in/phone")).text
    assert '<option value="de" selected>Deutsch</option>' in page
    state = (await designer.get("/dev/gallery/state?fragment=sign_in/phone&number=0&language=de")).text
    assert "<title>Anmelden — DE Online account</title>" in state


def test_messages_are_in_it(own: Path) -> None:
    texts = MessageTexts(sources(watch=False, own=own), "https://x.example")
    values = {"first_name": "Anna", "link": "https://x.example/1", "good_for": 2700}
    mail = texts("email-confirmation", values, "de")
    assert mail.html
    assert '<html lang="de">' in mail.html
    assert "Der Link gilt 45\u00a0Minuten" in mail.text
    assert texts("registration-code", {"code": "123456", "good_for": 60}, "de").text == "Code 123456, DE Kabinet"
    # What was queued in a language that has been taken away since is still sent.
    assert texts("registration-code", {"code": "123456", "good_for": 60}, "fr").text.startswith("Код 123456")


@pytest.mark.parametrize(
    ("language", "printed"),
    [
        ("de", "16.\u00a0September, 14:32|16. September 2026, 14:32|September 2026|September\u00a02026|16.058,53|"),
        # The CLDR has no days of Tatar: they are Russian, as a text without translation is.
        ("tt", "16\u00a0сентябрь, 14:32|16 сентябрь, 2026\u202fел, 14:32|"),
    ],
)
def test_times_and_amounts_are_its_own(language: str, printed: str) -> None:
    at = datetime.fromisoformat("2026-09-16T14:32:00+03:00")
    with use_language(language):
        said = [
            formatting.day(at),
            formatting.moment(at.isoformat()),
            formatting.period("2026-09"),
            formatting.month("2026-09"),
            formatting.amount(1605853),
            formatting.lasting(3 * 86400),
        ]
        assert "|".join(said).startswith(printed)
        assert formatting.number_of(1605853) == "16058,53"
        assert said[-1] == ("3\u00a0Tage" if language == "de" else "3\u00a0дня")


def test_browsers_ask_for_it_by_weight() -> None:
    languages = ("ru", "de", "en")
    assert accepted("en;q=0.5, de;q=0.6", languages) == "de"
    assert accepted("fr", languages) == "ru"


def test_the_command_makes_its_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = shutil.copytree(TEMPLATES, tmp_path / "templates")
    for module in ("routes.design", "routes.catalogue", "routes.cli.texts"):
        monkeypatch.setattr(f"{module}.TEMPLATES", copied)
    monkeypatch.setattr(path_of, "__defaults__", (copied,))
    (copied / "locale" / "fr").mkdir()
    # Each command begins with the portal: it does so without the catalogue, in Russian.
    assert Catalogue(Design()).texts("fr").gettext("Язык") == "Язык"
    result = CliRunner().invoke(texts_command)
    assert result.exit_code == 0, result.output
    assert "«Язык» (fr)" in result.output
    made = path_of("fr").read_text("utf-8")
    assert "Plural-Forms: nplurals=2; plural=(n > 1)" in made
    assert 'msgid "Язык"\nmsgstr ""' in made
    assert any(str(slip).endswith("«Язык» has no text in 'fr'") for slip in text_slips(Design()))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("xx", "locale/xx: is no language"),
        ("de-CH", "locale/de-CH: is no language"),
        ("fr", "title: is missing in: fr"),
    ],
)
def test_a_folder_that_is_no_language_is_named(tmp_path: Path, name: str, told: str) -> None:
    own = add_german(tmp_path)
    (own / "locale" / name).mkdir()
    with pytest.raises(SlipError) as raised:
        MessageTexts(sources(watch=False, own=own))
    assert told in str(raised.value)


def test_a_brand_without_its_texts_is_told(tmp_path: Path) -> None:
    own = add_german(tmp_path)
    (own / BRAND).unlink()
    with pytest.raises(SlipError, match="title: is missing in: de"):
        MessageTexts(sources(watch=False, own=own))
