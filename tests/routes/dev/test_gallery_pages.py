"""The gallery's pages: all states by journey, filters and switches in the address, values that are tried out."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from domain.delivery.messages import MESSAGES
from routes.design import Design
from routes.dev.contact_sheet import groups, ordered
from routes.dev.message_states import message_states_of
from routes.dev.states import NOW, fragments, state_of, states_of
from tests.browser import Browser

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
GALLERY = "/dev/gallery"
STATE = f"{GALLERY}/state?fragment=sign_in/phone&number=0"
IN_A_FRAME = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "same-origin"}
MAIL = f"{GALLERY}/message?name=email-confirmation"


@pytest.fixture
def changed() -> dict[str, Any]:
    return {"sms": ("outbox:",)}


@pytest.fixture
def designer(another_browser: Any) -> Browser:
    browser: Browser = another_browser("127.0.0.1")
    return browser


def names(page: str) -> list[str]:
    return re.findall(r"<h3>([^<]+)</h3>", page)


def addresses(page: str, kind: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(rf'{kind}="(/dev/gallery/[^"?]+[?][^"]+)"', page)]


@on_sqlite
async def test_every_state_is_on_the_sheet_in_the_order_of_its_journey(designer: Browser) -> None:
    page = (await designer.get(GALLERY)).text
    assert sorted(names(page)) == sorted([*fragments(), *(message.name for message in MESSAGES)])
    shown = names(page)
    steps = ["choice", "account/phone", "account/code", "account/bill", "account/address", "account/person"]
    places = [shown.index(f"registration/{step}") for step in steps]
    assert places == list(range(places[0], places[0] + len(steps)))
    frames = addresses(page, "src")
    assert len(frames) == sum(len(group.states) for group in groups(Design())) == len(set(frames))
    for frame in frames[:: len(frames) // 12]:
        assert (await designer.get(frame)).status_code == 200, frame
    for large in addresses(page, "href")[:: len(frames) // 6]:
        assert (await designer.get(large)).status_code == 200, large


def test_a_fragment_that_no_journey_names_comes_last() -> None:
    assert ordered(["new/thing", "sign_in/phone", "sign_in/new"]) == ["sign_in/phone", "sign_in/new", "new/thing"]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"of": "sign_in/phone"}, {"sign_in/phone"}),
        ({"text-of": "РЕГИСТРАЦИЯ ПО КАРТЕ"}, None),
        ({"errors": "only", "of": "sign_in/phone"}, {"sign_in/phone"}),
        ({"text-of": "no such state"}, set()),
    ],
)
@on_sqlite
async def test_filters_stand_in_the_address(designer: Browser, query: dict[str, str], wanted: set[str] | None) -> None:
    page = (await designer.get(f"{GALLERY}?{urlencode(query)}")).text
    shown = names(page)
    if wanted is None:
        assert shown
        assert all(name.startswith("registration/card/") for name in shown)
    else:
        assert set(shown) == wanted
    count = re.search(r'id="shown">(\d+)<', page)
    assert count
    assert int(count[1]) == len(addresses(page, "src"))
    if "errors" in query:
        errors = [place for place, state in enumerate(states_of("sign_in/phone")) if state.has_errors]
        assert [int(re.findall(r"number=(\d+)", one)[0]) for one in addresses(page, "src")] == errors


@on_sqlite
async def test_switches_go_along_everywhere(designer: Browser) -> None:
    look = {"width": "1280", "theme": "dark", "language": "en", "text": "200", "brand": "teplo"}
    for page in (f"{GALLERY}?", f"{GALLERY}/frame?fragment=recovery/code&number=1&"):
        seen = (await designer.get(page + urlencode(look))).text
        for address in [*addresses(seen, "src"), *addresses(seen, "action")]:
            if "/state?" in address or "/message?" in address:
                assert set(urlencode(look).split("&")) <= set(address.partition("?")[2].split("&"))
        for name, value in look.items():
            chosen = re.search(rf'<select name="{name}">.*?value="([^"]*)" selected', seen)
            assert chosen
            assert chosen[1] == value


@on_sqlite
async def test_the_look_of_a_state(designer: Browser) -> None:
    plain = (await designer.get(STATE)).text
    assert "/static/portal." in plain
    assert "Вход в личный кабинет" in plain
    english = (await designer.get(f"{STATE}&language=en&brand=teplo")).text
    assert "Teploset</title>" in english
    other = re.findall(r'"(/static/[^"]+)"', english)
    for asset in other:
        assert (await designer.get(asset)).status_code == 200
    for query, wanted in {
        "theme=dark": "color-scheme: dark",
        "text=200": "font-size: 200%",
        "colours=forced": "@media all",
    }.items():
        seen = (await designer.get(f"{STATE}&{query}")).text
        sheet = re.search(r'"(/dev/gallery/portal.css\?[^"]+)"', seen)
        assert sheet
        assert wanted in (await designer.get(html.unescape(sheet[1]))).text
    bare = await designer.get(f"{STATE}&script=off")
    assert "sandbox allow-same-origin allow-forms" in bare.headers["content-security-policy"]
    unpictured = await designer.get(f"{STATE}&images=off")
    assert "img-src 'none'" in unpictured.headers["content-security-policy"]
    assert "autofocus" in (await designer.get(f"{GALLERY}/state?fragment=sign_in/phone&number=3")).text
    assert "autofocus" not in (await designer.get(f"{GALLERY}/state?fragment=sign_in/phone&number=3&still=1")).text


@on_sqlite
async def test_the_look_of_a_message(designer: Browser) -> None:
    plain = await designer.get(MAIL)
    assert "@media (prefers-color-scheme: dark)" in plain.text
    assert "@media all" in (await designer.get(f"{MAIL}&theme=dark")).text
    assert "@media not all" in (await designer.get(f"{MAIL}&theme=light")).text
    assert "img-src 'none'" in (await designer.get(f"{MAIL}&images=off")).headers["content-security-policy"]
    logo = re.search(r"url\('(/static/[^']+)'\)", (await designer.get(f"{MAIL}&brand=teplo")).text)
    assert logo
    assert (await designer.get(logo[1])).status_code == 200
    text = await designer.get(f"{MAIL}&part=text&language=en")
    assert text.headers["content-type"].startswith("text/plain")
    assert text.text.startswith("Hello")


@on_sqlite
async def test_the_parts_of_an_sms_are_counted_in_the_longest_case(designer: Browser) -> None:
    page = (await designer.get(f"{GALLERY}/frame?message=card-password&number=0&part=text")).text
    assert re.search(r"Здесь \d+ из 70 знаков, 1 СМС, в самом длинном случае \d+ из 70 знаков, 1 СМС", page)


@on_sqlite
async def test_one_state_has_neighbours_source_needs_and_values(designer: Browser) -> None:
    page = (await designer.get(f"{GALLERY}/frame?fragment=sign_in/phone&number=1")).text
    assert "number=0" in html.unescape(re.findall(r'rel="prev" href="([^"]+)"', page)[0])
    assert "number=2" in html.unescape(re.findall(r'rel="next" href="([^"]+)"', page)[0])
    told = html.unescape(page)
    assert Design().template("partials/sign_in/phone.html").read_text("utf-8").strip() in told
    assert "<code>form</code> <code>notice</code> <code>tabs</code>" in told
    assert '"phone": "+7 912 345-67-89"' in told
    for wrong in ("fragment=no/such&number=0", "fragment=sign_in/phone&number=99", "message=no&number=0"):
        assert (await designer.get(f"{GALLERY}/frame?{wrong}")).status_code == 404


@on_sqlite
async def test_values_are_tried_out_and_never_kept(designer: Browser) -> None:
    tried = {"tabs": "", "form": {"typed": {"phone": "999"}, "errors": {"phone": ["phone_wrong"]}}}
    answer = await designer.post(STATE, {"values": json.dumps(tried)})
    assert 'value="999"' in answer.text
    assert "Введен некорректный номер телефона" in answer.text
    assert 'value="999"' not in (await designer.get(STATE)).text
    message = await designer.post(
        MAIL, {"values": json.dumps({"first_name": "Лев", "link": "https://x.example", "good_for": 60})}
    )
    assert "Здравствуйте, Лев!" in message.text
    for address, wrong, said in (
        (STATE, "{", "is no JSON"),
        (STATE, "[]", "are no object"),
        (STATE, '{"form": {"errors": {"phone": ["no_code"]}}}', "no_code"),
        (STATE, '{"at": "tomorrow"}', "tomorrow"),
        (MAIL, '{"name": 1}', "name"),
    ):
        refused = await designer.post(address, {"values": wrong}, headers=IN_A_FRAME)
        assert refused.status_code == 422
        assert said in html.unescape(refused.text)


def test_times_are_told_from_the_moment_of_the_states() -> None:
    state = state_of("sign_in/phone", "x", {"next_at": "+55 s", "idle_until": "-2 h", "deep": [{"at": "+3 d"}]})
    assert (state.values["next_at"] - NOW).total_seconds() == 55
    assert (NOW - state.values["idle_until"]).total_seconds() == 7200
    assert (state.values["deep"][0]["at"] - NOW).days == 3
    with pytest.raises(ValueError, match="moment"):
        state_of("sign_in/phone", "x", {"moment": "no such"})


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
def test_every_message_has_states_of_its_own(message: type) -> None:
    name = message.name  # type: ignore[attr-defined]
    assert Design().template(f"messages/{name}/states.json").is_file()
    assert {key for state in message_states_of(name) for key in state.values} == set(message.example)  # type: ignore[attr-defined]


@on_sqlite
async def test_nobody_else_sees_any_of_it(client: Browser) -> None:
    for path in ("workbench.css", "workbench.js", "frozen.js", "axe.js", "portal.css?theme=dark", "frame", "message"):
        assert (await client.get(f"{GALLERY}/{path}")).status_code == 404
    assert (await client.post(STATE, {"values": "{}"})).status_code == 404
