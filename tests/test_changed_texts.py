"""A Russian text that is edited keeps its English, marked for somebody to look at; nothing goes without a word."""

from __future__ import annotations

import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from routes.catalogue import Catalogue, path_of, use_language
from routes.checks.texts import text_slips
from routes.cli import texts as command
from routes.cli.texts import texts_command
from routes.design import TEMPLATES, Design
from routes.dev.gallery import draw
from routes.dev.states import states_of
from routes.sources import Sources
from routes.templates import Templates
from routes.translations import texts_to_check

PHONE = "partials/sign_in/phone.html"


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of all templates, as if they were the portal's."""
    copied = shutil.copytree(TEMPLATES, tmp_path / "templates")
    for module in ("routes.design", "routes.catalogue", "routes.cli.texts"):
        monkeypatch.setattr(f"{module}.TEMPLATES", copied)
    known = path_of.__defaults__
    monkeypatch.setattr(path_of, "__defaults__", (copied,))
    assert known == (TEMPLATES,)
    return copied


def edit(folder: Path, name: str, old: str, new: str) -> int:
    """The line that was edited."""
    source = (folder / name).read_text("utf-8")
    assert old in source
    (folder / name).write_text(source.replace(old, new, 1), "utf-8")
    return source[: source.index(old)].count("\n") + 1


def in_english() -> str:
    design = Design()
    drawn = Templates(ZoneInfo("UTC"), lambda name: name, Sources(design.folders, watch=False, design=design))
    with use_language("en"):
        return draw(drawn, states_of("sign_in/phone", design)[0])


def catalogue() -> str:
    return path_of("en").read_text("utf-8")


def said() -> list[str]:
    result = CliRunner().invoke(texts_command)
    assert result.exit_code == 0, result.output
    return [line for line in result.output.splitlines() if "to translate or to check" not in line]


# A text that is nearly the same; one that is quite another, in a template that has changed no other; a label; and texts
# that other templates still have.
EDITS = [
    (PHONE, "Впервые у нас?", "Вы у нас впервые?", "New here?"),
    (PHONE, "Впервые у нас?", "Нет кабинета:", "New here?"),
    ("partials/labels.html", "Номер мобильного телефона", "Ваш мобильный номер", "Mobile number"),
    ("partials/masthead.html", "Личный кабинет", "Ваш личный кабинет", "Online account"),
    (PHONE, "Далее", "Вперед", "Next"),
]


@pytest.mark.parametrize(("name", "old", "new", "english"), EDITS)
def test_an_edited_text_keeps_its_english_and_is_marked(
    templates: Path, name: str, old: str, new: str, english: str
) -> None:
    line = edit(templates, name, f'_("{old}")', f'_("{new}")')
    # Before `make texts` and after it.
    told = f"templates/{name}:{line}: «{new}»: проверьте перевод (en): «{english}»"
    for _ in range(2):
        assert english in in_english()
        assert new not in in_english()
        assert told in [str(slip) for slip in text_slips(Design())]
        assert told in [str(slip) for slip in texts_to_check(Design(), "en")]
        assert f"templates/{name}:{line}: changed: «{old}» -> «{new}»: проверьте перевод (en): «{english}»" in said()
    # Whoever has looked at it takes the mark away.
    path_of("en").write_text(catalogue().replace("#, fuzzy\n", ""), "utf-8")
    assert list(text_slips(Design())) == []
    assert said() == []


def test_new_and_gone_texts_are_told_with_file_and_line(templates: Path) -> None:
    assert said() == []
    line = edit(templates, PHONE, "</form>", '</form><p>{{ _("Звоните круглосуточно и без выходных") }}</p>')
    edit(templates, "partials/fault.html", '_("Начните с главной страницы")', '""')
    gone = catalogue()[: catalogue().index('msgid "Начните с главной страницы"')].count("\n") + 1
    assert said() == [
        f"templates/{PHONE}:{line}: new: «Звоните круглосуточно и без выходных» (en)",
        f"templates/locale/en/LC_MESSAGES/kabinet.po:{gone}: gone: «Начните с главной страницы»",
    ]
    assert "Начните с главной" not in catalogue()


def test_a_former_translation_that_names_what_its_text_no_longer_names_is_not_shown(templates: Path) -> None:
    """Another name would be an error when the page is drawn."""
    name = "partials/registration/account/sent.html"
    edit(templates, name, 'Номер заявки: <strong class="whole">{{ number }}</strong>', "Номер заявки придет в письме")
    for _ in range(2):
        texts = Catalogue(Design()).texts("en")
        assert texts.gettext("Номер заявки придет в письме") == "Номер заявки придет в письме"
        said()


def test_a_broken_template_loses_no_translation(templates: Path) -> None:
    edit(templates, PHONE, "{% endblock %}", "{% endif %}")
    before = catalogue()
    assert CliRunner().invoke(texts_command).exit_code == 1
    assert catalogue() == before
    assert Catalogue(Design()).texts("en").gettext("Далее") == "Next"
    assert command.read_catalogue("en")
