"""Every step before its turn, with a session that has ended, and with what no browser of ours sends."""

from __future__ import annotations

from urllib.parse import quote_from_bytes

import pytest

from tests.browser import BILL, REQUEST, STEPS, Browser, location, path_of
from tests.conftest import Clock
from tests.routes.registration.account import step_test
from tests.screen import words

FORMS = {step: step_test(step).TYPED for step in STEPS}


async def test_a_step_before_its_turn_leads_to_the_one_the_customer_is_at(client: Browser) -> None:
    for at, here in enumerate(STEPS):
        for later in STEPS[at + 1 :]:
            assert location(await client.get(path_of(later))) == path_of(here)
            answer = await client.post(path_of(later), FORMS[later])
            assert location(answer) == path_of(here), (here, later)
            empty = await client.follow(await client.post(path_of(later), {}))
            assert empty.request.url.path == path_of(here), (here, later)
        await client.submit(here)


async def test_earlier_steps_may_be_looked_at_again(client: Browser) -> None:
    await client.reach("password")
    for earlier in ("phone", "bill", "address", "person"):
        assert (await client.get(path_of(earlier))).status_code == 200
    assert location(await client.get(path_of("code"))) == path_of("password")


@pytest.mark.parametrize("step", STEPS[1:])
async def test_a_session_that_has_ended_is_told_and_begins_anew(client: Browser, clock: Clock, step: str) -> None:
    await client.reach(step)
    form = await client.form_of(step)
    clock.forward(minutes=30)
    for ask in (client.post(path_of(step), form), client.get(path_of(step))):
        shown = await client.follow(await ask)
        assert shown.request.url.path == path_of("phone")
        assert "Сеанс завершен. Начните заново" in words(shown)
    # The dead cookie is still there: a read takes none back. It leads round in no circle.
    assert client.cookie is not None
    assert (await client.get(path_of("phone"))).status_code == 200
    clock.forward(minutes=2)
    await client.reach("bill")


async def test_a_busy_session_lives_on_but_not_beyond_twelve_hours(client: Browser, clock: Clock) -> None:
    await client.reach("bill")
    for _ in range(24):
        clock.forward(minutes=29)
        assert (await client.get(path_of("bill"))).status_code == 200
    clock.forward(minutes=24)
    assert location(await client.get(path_of("bill"))) == path_of("phone")


HOSTILE = {
    "a NUL": "a\0b",
    "emoji": "Иван 😀👨\u200d👩\u200d👧",
    "too long": "Щ" * 10_000,
    "right to left": "Ив\u202eан\u200f",
    "half a pair": "\udc80",
    "nothing to see": "\u200b\u2060",
    "two lines": "a\r\nb: c",
    "a tag": "<script>alert(1)</script>",
    "a template": "{{ 7 * 7 }}{% raw %}",
    "a quote": "'; DROP TABLE customers--",
    "no characters": "\ufffe\uffff\u0378",
    "many accents": "e" + "\u0301" * 500,
    "a phrase in a sign": "\ufdfa" * 300,
    "percent": "%00%ff%",
}


def _encoded(form: dict[str, str]) -> str:
    return "&".join(f"{name}={quote_from_bytes(text.encode('utf-8', 'surrogatepass'))}" for name, text in form.items())


@pytest.mark.parametrize("step", [*STEPS, "connection"])
async def test_no_text_in_any_field_is_too_much(client: Browser, step: str) -> None:
    """Refused, or cleaned and kept (PostgreSQL keeps no NUL in a text), and never a fault."""
    if step == "connection":
        await client.reach("bill")
        await client.post(path_of("bill"), {**BILL, "amount": "1,00"})
    else:
        await client.reach(step)
    good = dict(REQUEST if step == "connection" else await client.form_of(step))
    header = {"Content-Type": "application/x-www-form-urlencoded"}
    for name in good:
        for what, text in HOSTILE.items():
            body = _encoded({**good, name: text})
            answer = await client.http.post(path_of(step), content=body, headers=header)
            assert answer.status_code in {303, 422}, (name, what)
            assert "<script>alert" not in answer.text
            assert ">49<" not in answer.text
            checked = await client.http.post(f"{path_of(step)}/fields/{name}", content=body, headers=header)
            assert checked.status_code in {200, 404}, (name, what)
            assert (await client.follow(answer)).status_code in {200, 422}, (name, what)
        for body in (f"{name}=%FF%FE%ED%A0%80%", f"{name}=1&{name}=2&{name}=3", name, "=&=&&&", "a=1&" * 5000):
            answer = await client.http.post(path_of(step), content=body, headers=header)
            assert answer.status_code in {303, 422}, (name, body[:20])


PART = 'Content-Disposition: form-data; name="phone"'
TEXT = "Content-Type: text/plain; charset"
BODIES = [
    ("multipart/form-data; boundary=x", f"--x\r\n{PART}\r\n{TEXT}=none-such\r\n\r\na\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x", f"--x\r\n{PART}\r\n{TEXT}=utf-7\r\n\r\n+2AA-\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x", f'--x\r\n{PART}; filename="a"\r\n\r\na\r\n--x--\r\n'),
    ("multipart/form-data; boundary=x", f"--x\r\n{PART}\r\n\r\n\udcff\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x", "nonsense"),
    ("multipart/form-data", "nonsense"),
    ("application/json", '{"phone": 1, "amount": [], "code": null, "answer": {}}'),
    ("application/json", "{"),
    ("text/plain", "phone=1"),
    ("nonsense", "phone=1"),
    ("", "phone=1"),
]


@pytest.mark.parametrize("step", STEPS)
async def test_a_body_of_another_kind_is_like_an_empty_form(client: Browser, step: str) -> None:
    await client.reach(step)
    for content_type, body in BODIES:
        answer = await client.http.post(
            path_of(step),
            content=body.encode("utf-8", "surrogateescape"),
            headers={"Content-Type": content_type} if content_type else {},
        )
        assert answer.status_code in ({303} if step == "address" else {422}), (content_type, body)
