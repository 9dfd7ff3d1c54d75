"""A slip in any file of the designers is shown to them, with file and line; to nobody else."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from routes.design import Design
from tests.browser import Browser

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
FRAGMENT = "partials/sign_in/phone.html"
GALLERY = "/dev/gallery/state?fragment=sign_in/phone&number=0"
LOCAL = "127.0.0.1"
# A browser of a designer, whose pages are looked through.
DESIGNER = {"Sec-Fetch-Dest": "document"}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company's folder, which is watched: what is written there is seen with the next request."""
    return tmp_path_factory.mktemp("slips") / "own"


@pytest.fixture(autouse=True)
def _nothing_of_our_own(own: Path) -> Iterator[None]:
    own.mkdir(exist_ok=True)
    yield
    for path in own.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture
def changed(own: Path) -> dict[str, Any]:
    return {"templates": own, "sms": ("outbox:",)}


def overlay(own: Path, name: str, old: str = "", new: str = "") -> int:
    """A copy of our file with `new` in the place of `old`; the line where that is."""
    source = Design().template(name).read_text("utf-8")
    assert old in source
    (own / name).parent.mkdir(parents=True, exist_ok=True)
    (own / name).write_text(source.replace(old, new, 1), "utf-8")
    return source[: source.index(old)].count("\n") + 1


async def of_designer(client: Browser, path: str, **headers: str) -> httpx.Response:
    return await client.get(path, headers={**DESIGNER, **headers})


def shown(answer: httpx.Response) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", answer.text))


# What a designer may do wrong: in which file, what, and what is said of it. `{line}` is the line that was changed.
SLIPS = {
    "unknown name": (FRAGMENT, "sign_in_tabs(tabs)", "sign_in_tabs(tbas)", "Неизвестное имя «tbas»", "{line}"),
    "unknown macro": (FRAGMENT, "sign_in_tabs(tabs)", "sign_in_tab(tabs)", "Неизвестное имя «sign_in_tab»", "{line}"),
    "unknown filter": (FRAGMENT, "sign_in_tabs(tabs)", "tabs | tabbed", "Нет фильтра или проверки «tabbed»", "{line}"),
    "unknown key": (FRAGMENT, "sign_in_tabs(tabs)", "brand.fax", "У «brand» нет «fax»", "{line}"),
    "no such picture": (FRAGMENT, "sign_in_tabs(tabs)", 'asset("x.svg")', "Нет файла static/x.svg", "{line}"),
    "missing template": (
        FRAGMENT, '"partials/sign_in_note.html"', '"partials/note.html"', "Нет шаблона «partials/note.html»", "{line}",
    ),
    "block not closed": (FRAGMENT, "{% block step %}", "{% block step %}{% if tabs %}", "{% endblock %}", ""),
    "end without beginning": (FRAGMENT, "</section>", "</section>{% endif %}", "{% endif %}", "{line}"),
    "broken layout": ("page.html", "{{ language }}", "{{ langauge }}", "Неизвестное имя «langauge»", "{line}"),
    "broken piece": ("partials/field.html", "{{ label }}", "{{ lable }}", "Неизвестное имя «lable»", "{line}"),
    "broken brand": ("brand.toml", "hue = 255", "hue = blue", "Invalid value", "{line}"),
    "broken catalogue": ("locale/en/LC_MESSAGES/kabinet.po", 'msgid "Далее"', "msgd Далее", "msgd", ""),
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
async def test_a_slip_is_a_page_with_file_and_line(client: Browser, own: Path, another_browser: Any, slip: str) -> None:
    name, old, new, said, at = SLIPS[slip]
    designer = another_browser(LOCAL)
    line = overlay(own, name, old, new)
    for path in ("/sign-in/phone", GALLERY):
        answer = await of_designer(designer, path)
        assert answer.status_code == 500
        assert said in shown(answer)
        assert f"own/{name}:{line if at else ''}" in shown(answer)
        assert 'class="here"' in answer.text
        if at:
            marked = re.search(r'class="here"[^>]*><code>(.*?)</code>', answer.text)
            assert marked
            assert new.splitlines()[0] in html.unescape(marked[1])
        assert answer.text.count("<li ") <= 11
    # As a step, where htmx asked for one.
    step = await designer.htmx("/sign-in/phone")
    assert "<html" not in step.text
    assert (said in shown(step)) is (name != "page.html")
    # The page of anybody else says nothing of it.
    other = await client.get("/sign-in/phone")
    assert (other.status_code, said in shown(other), "own/" in other.text) == (500, False, False)
    overlay(own, name)
    assert (await of_designer(designer, "/sign-in/phone")).status_code == 200


async def test_what_a_fragment_needs_stands_beside_what_it_got(another_browser: Any, own: Path) -> None:
    overlay(own, FRAGMENT, "Needs: form (phone), notice, tabs.", "Needs: form (phone), notice, tabs, colour.")
    overlay_text = (own / FRAGMENT).read_text("utf-8").replace("<section", "{{ colour }}<section", 1)
    (own / FRAGMENT).write_text(overlay_text, "utf-8")
    told = shown(await of_designer(another_browser(LOCAL), "/sign-in/phone"))
    assert "Нужно (Needs)form notice tabs colour" in told
    assert re.search(r"Получено.*\bform\b.*\bnotice\b.*\btabs\b", told)
    assert "Не хватаетcolour" in told


async def test_states_that_cannot_be_read_are_told_and_the_others_shown(another_browser: Any, own: Path) -> None:
    designer = another_browser(LOCAL)
    name = "partials/sign_in/phone.states.json"
    (own / name).parent.mkdir(parents=True)
    for written, said in {
        '{"states":\n{"пусто": }}': "own/partials/sign_in/phone.states.json:2: is no JSON",
        '{"with": {}}': "own/partials/sign_in/phone.states.json: is no file of states: KeyError('states')",
        json.dumps({"states": {"ошибка": {"form": {"errors": {"phone": ["no_code"]}}}}}, ensure_ascii=False): (
            "own/partials/sign_in/phone.states.json:1: the state 'ошибка': 'no_code' is not a valid Code"
        ),
    }.items():
        (own / name).write_text(written, "utf-8")
        gallery = await of_designer(designer, "/dev/gallery")
        assert gallery.status_code == 200
        assert said in shown(gallery)
        assert "sign_in/login" in gallery.text
        frame = await of_designer(designer, GALLERY)
        assert frame.status_code == 500
        assert said.partition(": ")[2] in shown(frame)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("messages/registration-code/sms.txt", "{{ code }}", "{{ cod }}"),
        ("messages/email-confirmation/email.html", "good_for | lasting", "god_for | lasting"),
        ("messages/email-confirmation/subject.txt", "{{", "{{ nobody }}{{"),
        ("messages/base.html", "brand.name", "brand.nmae"),
        ("messages/styles.css", "dark.sheet", "dark.sheeet"),
    ],
)
async def test_a_slip_in_a_message_is_shown_in_the_gallery(
    another_browser: Any, own: Path, name: str, old: str, new: str
) -> None:
    designer = another_browser(LOCAL)
    message = name.split("/")[1] if name.count("/") == 2 else "email-confirmation"
    line = overlay(own, name, old, new)
    answer = await of_designer(designer, f"/dev/gallery/message?name={message}&part=html")
    assert answer.status_code == 500
    assert f"own/{name}:{line}" in shown(answer)
    overlay(own, name)
    assert (await of_designer(designer, f"/dev/gallery/message?name={message}")).status_code == 200


async def test_the_outbox_tells_the_slip_of_one_message_and_shows_the_others(another_browser: Any, own: Path) -> None:
    designer = another_browser(LOCAL)
    await designer.submit("phone")
    assert "Код " in shown(await designer.get("/dev/outbox"))
    overlay(own, "messages/registration-code/sms.txt", "{{ code }}", "{{ cod }}")
    told = await designer.get("/dev/outbox")
    assert told.status_code == 200
    assert "own/messages/registration-code/sms.txt:1: Неизвестное имя «cod»" in shown(told)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("</a>", "", "<a> не закрыт до </section>"),
        ("</form>", "</form></div>", "</div>: такой тег не открыт"),
        ('<p class="or">', '<p class="or" class="and">', "<p>: class стоит дважды"),
        ("<form", "<div /><form", "<div />: так закрываются только теги внутри <svg>"),
    ],
)
async def test_a_tag_that_is_not_closed_is_told_in_a_bar(
    client: Browser, another_browser: Any, own: Path, old: str, new: str, said: str
) -> None:
    designer = another_browser(LOCAL)
    assert "markup-slips" not in (await of_designer(designer, "/sign-in/phone")).text
    line = overlay(own, FRAGMENT, old, new)
    if old == "</a>":
        assert "<a " in Design().template(FRAGMENT).read_text("utf-8").splitlines()[line - 1]
    for path in ("/sign-in/phone", GALLERY):
        answer = await of_designer(designer, path)
        assert answer.status_code == 200
        assert f"own/{FRAGMENT}:{line}: {said}" in shown(answer)
        assert "\ue000" not in answer.text
    step = await designer.htmx("/sign-in/phone", **DESIGNER)
    assert said in shown(step)
    assert "markup-slips" not in (await client.get("/sign-in/phone")).text


@pytest.mark.parametrize("changed", [{}], ids=["ours"])
async def test_a_missing_page_says_so_while_nothing_is_broken(another_browser: Any) -> None:
    assert "Страница не найдена" in shown(await of_designer(another_browser(LOCAL), "/no-such-page"))


async def test_the_page_of_a_fault_is_told_too(another_browser: Any, own: Path) -> None:
    overlay(own, "page.html", "{{ language }}", "{{ langauge }}")
    answer = await of_designer(another_browser(LOCAL), "/no-such-page")
    assert answer.status_code == 404
    assert "own/page.html:3" in shown(answer)


async def test_the_next_change_is_told_at_once(another_browser: Any, own: Path) -> None:
    designer = another_browser(LOCAL)
    version = (await designer.get("/live/changes?than=none")).text
    overlay(own, FRAGMENT)
    assert (await designer.get(f"/live/changes?than={version}")).text != version


async def test_whoever_is_not_at_this_machine_gets_nothing_of_it(client: Browser) -> None:
    for path in (
        "/dev/slip.css",
        "/dev/gallery/message?name=registration-code",
    ):
        assert (await client.get(path)).status_code == 404
