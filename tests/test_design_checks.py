"""`make check` names every slip of a designer with its file and line, and nothing where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from routes.assets import Assets
from routes.checks import design_slips
from routes.design import Design
from routes.message_texts import MessageTexts
from routes.overlay import changes_beneath, lay_over
from routes.slips import SlipError
from routes.sources import Sources
from routes.templates import Templates
from settings import Settings
from tests.conftest import SECRET


def slips_of(own: Path | None) -> Sequence[str]:
    design = Design(own)
    files = Sources(design.folders, watch=False, design=design)
    settings = Settings(_env_file=None, secret=SECRET)  # type: ignore[call-arg]
    try:
        templates = Templates(ZoneInfo("Europe/Moscow"), Assets(files), files)
        return list(map(str, design_slips(templates, MessageTexts(files), settings)))
    except SlipError as error:
        return list(map(str, error.slips))


def test_our_own_files_have_no_slip() -> None:
    assert slips_of(None) == []


def written(own: Path, name: str, old: str, new: str) -> int:
    """Our file over ours with a slip in it; its line."""
    lay_over(own, name)
    source = (own / name).read_text("utf-8")
    assert old in source
    (own / name).write_text(source.replace(old, new, 1), "utf-8")
    return source[: source.index(old)].count("\n") + 1


PERSON = "partials/registration/account/person.html"
PHONE, STATES = "partials/sign_in/phone.html", "partials/sign_in/phone.states.json"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (PHONE, "sign_in_tabs(tabs)", "sign_in_tabs(tbas)", "tbas: the comment «Needs»"),
        (PHONE, "(phone), notice", "(phone), colour, notice", "colour: the comment «Needs» names it, and nothing"),
        (
            PERSON, '("birth_date", labels.birth_date)', '("birth_date", labels.email)',
            "birth_date: the summary says «Электронная почта», the field «Дата рождения»",
        ),
        ("messages/account-lost/email.html", "</h1>", "</h2>", "<h1> не закрыт до </td>"),
        ("messages/base.html", "</p>\n<p>", "\n<p>", "<p> не закрыт до </td>"),
        (PERSON, '("birth_date", labels.birth_date)', '("birth_date", labels.born)', "У «labels» нет «born»"),
        (PHONE, "{% block title %}", "{% block tilte %}", "{% block tilte %}: the layout has no such block"),
        (PHONE, "</form>", "</form>{% endif %}", "Здесь {% endif %}, а сначала нужно закрыть {% block %}"),
        (PHONE, "</p>", "</b>", "<p> не закрыт до </section>"),
        (PHONE, '{{ _("Далее") }}', "Далее", "«Далее» stands outside _()"),
        (PHONE, '_("Далее")', '_("Вперед")', "«Вперед»: проверьте перевод (en): «Next»"),
        (PHONE, "</form>", '</form>{{ _("Звоните круглосуточно") }}', "«Звоните круглосуточно» has no text in 'en'"),
        (STATES, '"states"', '"stats"', "is no file of states: KeyError('states')"),
        ("messages/phone-changed/sms.txt", "new_phone }}", "phone_new }}", "Неизвестное имя «phone_new»"),
        ("messages/registration-code/sms.txt", "Никому его", "Никому и никогда его", "sms_name: the SMS"),
    ],
)  # fmt: skip
def test_a_slip_is_named_with_file_and_line(tmp_path: Path, name: str, old: str, new: str, said: str) -> None:
    own = tmp_path / "own"
    line = written(own, name, old, new)
    found = [slip for slip in slips_of(own) if said in slip]
    assert found
    where = "templates/brand.toml:" if said.startswith("sms_name") else f"own/{name}"
    at = "" if name == STATES or said.startswith("sms_name") else f":{line}: "
    assert any(slip.startswith(f"{where}{at}") for slip in found), found


def test_a_broken_layout_is_told_once(tmp_path: Path) -> None:
    own = tmp_path / "own"
    written(own, "page.html", "{% endblock %}", "")
    (told,) = slips_of(own)
    assert told.startswith("own/page.html:")
    assert told.endswith("{% block %} не закрыт: нет {% endblock %}")


def test_a_file_over_ours_is_told_when_ours_changes(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "partials").mkdir(parents=True)
    design = Design(own)
    assert not lay_over(own, "partials/nothing.html")
    assert lay_over(own, "page.html")
    assert (own / "page.html").read_bytes() == design.template("page.html").read_bytes()
    (own / "page.html").write_text("{# Ours. #}")
    assert lay_over(own, "static/portal.js")
    (own / "brand.toml").write_text("")
    (own / "partials" / "own.html").write_text("{# Of no file of ours. #}")
    assert list(changes_beneath(design)) == []
    # As if an upgrade had brought other files.
    noted = own / ".beneath" / "page.html"
    noted.write_text(noted.read_text("utf-8").replace("</head>", "<meta>\n</head>\n<!-- -->"), "utf-8")
    (own / ".beneath" / "static" / "portal.js").unlink()
    (told, unknown) = map(str, changes_beneath(design))
    assert told.startswith("own/page.html: ours has changed beneath it (+1 -3, from line ")
    assert unknown.startswith("own/static/portal.js: lies over ours; note the version it fits")
    assert lay_over(own, "page.html")
    assert (own / "page.html").read_text() == "{# Ours. #}"
    assert len(list(changes_beneath(design))) == 1
