"""Page or fragment, pushed addresses, titles, what a refused form keeps."""

from __future__ import annotations

import pytest

from tests.browser import BASE, PASSWORD, PHONE, STEPS, Browser, path_of
from tests.screen import errors, fragment_of, is_page, title, value_of, words

PHONE_PATH = path_of("phone")
GOOD = {"phone": PHONE, "consent": "yes"}


async def test_one_address_gives_the_page_and_to_htmx_the_fragment(client: Browser) -> None:
    page, fragment = await client.get(PHONE_PATH), await client.htmx(PHONE_PATH, at="/")
    assert is_page(page)
    assert not is_page(fragment)
    assert fragment_of(page) == fragment_of(fragment) == "registration-account-phone"
    assert title(page) == title(fragment) == "Регистрация — Личный кабинет"


async def test_back_gets_the_whole_page(client: Browser) -> None:
    # htmx 4 restores the history without HX-Request and with this header.
    restored = await client.get(PHONE_PATH, headers={"HX-History-Restore-Request": "true"})
    assert is_page(restored)
    restored = await client.get(
        PHONE_PATH, headers={"HX-History-Restore-Request": "true", "HX-Request-Type": "partial"}
    )
    assert is_page(restored)


async def test_a_new_step_is_pushed_and_the_same_one_replaced(client: Browser) -> None:
    assert (await client.htmx(PHONE_PATH, at="/")).headers["hx-push-url"] == PHONE_PATH
    again = await client.htmx(PHONE_PATH, at=PHONE_PATH)
    assert again.headers["hx-replace-url"] == PHONE_PATH
    assert "hx-push-url" not in again.headers


@pytest.mark.parametrize(
    "garbage", ["http://[", "", "/", "http://evil.example/registration/account/phone#x", "\\", "//"]
)
async def test_any_current_address_is_borne(client: Browser, garbage: str) -> None:
    answer = await client.get(PHONE_PATH, headers={"HX-Request-Type": "partial", "HX-Current-URL": garbage})
    assert answer.status_code == 200
    assert answer.headers.get("hx-push-url", answer.headers.get("hx-replace-url")) == PHONE_PATH


async def test_a_good_post_leads_on_with_303_both_ways(client: Browser) -> None:
    answer = await client.htmx(PHONE_PATH, GOOD)
    assert (answer.status_code, answer.headers["location"]) == (303, path_of("code"))
    shown = await client.htmx(path_of("code"), at=PHONE_PATH)
    assert shown.headers["hx-push-url"] == path_of("code")
    assert fragment_of(shown) == "registration-account-code"


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_refused_post_is_the_same_step_with_what_was_typed(client: Browser, htmx: bool) -> None:
    form = {"phone": "12<b>", "consent": "yes"}
    answer = await (client.htmx(PHONE_PATH, form) if htmx else client.post(PHONE_PATH, form))
    assert answer.status_code == 422
    assert is_page(answer) is not htmx
    assert title(answer).startswith("Ошибка: ")
    assert errors(answer) == ["Введен некорректный номер телефона"]
    assert value_of(answer, "phone") == "12<b>"
    assert "<b>" not in answer.text
    assert 'name="consent" type="checkbox" value="yes" checked' in answer.text
    if htmx:
        assert answer.headers["hx-push-url"] == "false"


async def test_one_error_takes_the_focus_several_give_it_to_the_summary(client: Browser) -> None:
    one = await client.post(PHONE_PATH, {"phone": PHONE})
    assert errors(one) == ["Подтвердите согласие на обработку персональных данных"]
    assert one.text.count("autofocus") == 1
    assert "autofocus" in one.text.partition('id="consent"')[2].partition(">")[0]
    both = await client.post(PHONE_PATH, {})
    assert both.text.count("autofocus") == 1
    summary = both.text.partition('class="summary"')[2]
    assert 'href="#phone"' in summary
    assert 'href="#consent"' in summary
    assert "Введите номер мобильного телефона" in words(both)


async def test_a_password_and_a_code_never_come_back(client: Browser) -> None:
    await client.reach("code")
    wrong = await client.post(path_of("code"), {"code": "999999x"})
    assert wrong.status_code == 422
    assert "999999" not in wrong.text
    await client.submit("code")
    for step in STEPS[STEPS.index("bill") : -1]:
        await client.submit(step)
    weak = await client.post(path_of("password"), {"password": "Иванова Анна 7"})
    assert weak.status_code == 422
    assert "Анна 7" not in weak.text
    await client.submit("password")
    await client.post("/sign-out")
    refused = await client.sign_in("совсем не тот пароль")
    assert refused.status_code == 422
    assert "совсем не тот" not in refused.text
    assert PASSWORD not in refused.text


async def test_a_field_is_checked_when_it_is_left(client: Browser) -> None:
    path = f"{PHONE_PATH}/fields/phone"
    wrong = await client.htmx(path, {"phone": "123"}, at=PHONE_PATH)
    assert wrong.status_code == 200
    assert errors(wrong) == ["Введен некорректный номер телефона"]
    assert "consent" not in wrong.text
    assert wrong.headers["hx-push-url"] == "false"
    right = await client.htmx(path, {"phone": PHONE}, at=PHONE_PATH)
    assert errors(right) == []
    empty = await client.htmx(path, {"phone": " "}, at=PHONE_PATH)
    assert errors(empty) == []


async def test_head_is_get_without_the_body(client: Browser) -> None:
    for path in ("/", PHONE_PATH, "/terms", "/no-such-page", "/profile", "/health/ready", "/email/confirmation/x"):
        got, asked = await client.get(path), await client.http.head(path)
        assert asked.status_code == got.status_code, path
        assert asked.content == b""
        for name in ("content-type", "location", "cache-control", "content-security-policy"):
            assert asked.headers.get(name) == got.headers.get(name), (path, name)


async def test_links_begin_with_our_own_path(client: Browser) -> None:
    """No page leads to where a request said it came from."""
    answer = await client.get("/", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert "evil.example" not in answer.text
    assert BASE not in answer.text
