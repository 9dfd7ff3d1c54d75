"""However long a text is, little of it is looked at: every form, every field."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

import routes.registration.account.connection  # noqa: F401 - every form is made where its step is
from domain.portal import Portal
from domain.proofs import captcha
from routes import handlers_of
from routes.forms import SECRET, Form, max_length_of
from settings import Settings
from tests.browser import PHONE, STEPS, Browser, path_of
from tests.conftest import Clock, scope_of
from tests.screen import value_of

# As much as a request may hold, in what normalisation takes longest for: marks that it sorts and composes.
MARKS = "e" + "\u0301\u0316" * 5000
OTHERS = (
    "a" * 60_000, "1" * 60_000, "\ufdfa" * 6500, " " * 59_000 + "1", "a\r\n" * 8000, "a@" + "b." * 28_000 + "ru",
)  # fmt: skip
# What a text may grow to when it is normalised: one sign of the longest field into eighteen (U+FDFA).
MOST = 3000
# What a page of ours has put into the form.
CHOICES = {
    "role", "account", "gateway", "version", "shown", "picture", "instead",
    "link", "next", "answer", "remember", "consent", "another", "reason", "lock",
}  # fmt: skip
# The steps, by what has to be done before them.
OPEN = ("/sign-in/phone", "/sign-in/login", path_of("phone"), "/registration/card/card", "/recovery/login")
REGISTERING = STEPS[1:]
SIGNED_IN = (
    "/profile/accounts/new", "/profile/cards/new", "/profile/security/confirmation", "/profile/security/password",
    "/profile/security/phone", "/profile/security/email", "/profile/deletion",
    "/profile/withdrawal",
)  # fmt: skip


def forms() -> list[type[Form]]:
    def below(model: type[Form]) -> list[type[Form]]:
        return [one for child in model.__subclasses__() for one in (child, *below(child))]

    return below(Form)


FIELDS = sorted({name for model in forms() for name in model.model_fields})


@pytest.fixture
def normalised(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of all texts that are normalised."""
    lengths: list[int] = []
    normalize: Callable[[Any, str], str] = unicodedata.normalize

    def counted(form: Any, text: str) -> str:
        lengths.append(len(text))
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", counted)
    return lengths


def test_every_field_of_every_form_declares_how_long_it_is(settings: Settings) -> None:
    assert handlers_of(settings)
    assert len(forms()) > 15
    for model in forms():
        for name, info in model.model_fields.items():
            limit = max_length_of(info)
            # What an authenticator has answered is never normalised.
            assert limit.characters <= (8000 if name == "credential" else MOST), f"{model.__name__}.{name}"
            # A text that is shown again is refused, and so is a code, which is not judged then; a password or a choice
            # is judged as the wrong one that it is.
            refused = name not in CHOICES and (SECRET not in info.metadata or name in {"code", "captcha"})
            assert (limit.code is not None) == refused, f"{model.__name__}.{name}"


async def _send_all(client: Browser, path: str, **known: str) -> None:
    """Each field of `path` long, in two ways."""
    for place, name in enumerate(FIELDS):
        for text in (MARKS, OTHERS[place % len(OTHERS)]):
            answer = await client.post(path, {**known, name: text})
            assert answer.status_code in {200, 303, 422}, (path, name, answer.status_code)
            assert len(answer.content) < 60_000, (path, name)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", OPEN)
async def test_open_steps_look_at_little(client: Browser, normalised: list[int], path: str) -> None:
    await _send_all(client, path)
    await _send_all(client, path, phone=PHONE, login="tk1001", card_number="9643900000000013", email="a@example.org")
    for name in FIELDS:
        await client.post(f"{path}/fields/{name}", {name: MARKS})
    assert max(normalised) <= MOST


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("step", REGISTERING)
async def test_steps_of_a_registration_look_at_little(client: Browser, normalised: list[int], step: str) -> None:
    await client.reach(step)
    await _send_all(client, path_of(step))
    for name in FIELDS:
        await client.post(f"{path_of(step)}/fields/{name}", {name: MARKS})
    await client.post(f"{path_of(step)}/conditions", {"password": MARKS})
    assert max(normalised) <= MOST


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_cabinet_looks_at_little(client: Browser, normalised: list[int]) -> None:
    await client.register()
    for path in SIGNED_IN:
        await _send_all(client, path)
    assert max(normalised) <= MOST
    assert (await client.get("/profile")).status_code == 200


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_request_for_connection_looks_at_little(client: Browser, normalised: list[int]) -> None:
    await client.reach("bill")
    await client.post(path_of("bill"), {**client.forms["bill"], "account_number": "1234567"})
    await _send_all(client, path_of("connection"))
    assert max(normalised) <= MOST


async def test_what_is_too_long_is_told_beside_its_field_and_the_rest_is_kept(client: Browser) -> None:
    await client.reach("person")
    person = dict(client.forms["person"])
    for name, told in (
        ("last_name", "Слишком длинный текст"), ("birth_date", "ДД.ММ.ГГГГ"), ("email", "некорректный адрес"),
    ):  # fmt: skip
        answer = await client.post(path_of("person"), {**person, name: MARKS})
        assert answer.status_code == 422
        assert told in answer.text
        for other in set(person) - {name}:
            assert value_of(answer, other) == person[other]
        kept = value_of(answer, name) or ""
        assert len(kept) >= 100
        assert MARKS.startswith(kept)


async def test_a_long_comment_comes_back_whole(client: Browser) -> None:
    await client.reach("bill")
    await client.post(path_of("bill"), {**client.forms["bill"], "account_number": "1234567"})
    comment = "слово " * 320
    answer = await client.post(path_of("connection"), {"comment": comment})
    assert answer.status_code == 422
    assert comment.strip() in answer.text


async def test_a_password_is_never_cut_into_the_right_one(client: Browser) -> None:
    await client.register()
    await client.post("/sign-out")
    await client.post("/sign-in/phone", {"phone": client.phone})
    for wrong in (client.forms["password"]["password"] + "x" * 5000, client.forms["password"]["password"] + " " * 5000):
        answer = await client.post("/sign-in/password", {"password": wrong})
        assert answer.status_code == 422
        assert "Неверный логин или пароль" in answer.text
    assert (await client.sign_in()).status_code == 303


async def test_a_picture_code_of_endless_length_is_no_code(client: Browser, portal: Portal, clock: Clock) -> None:
    card = {"card_number": "9643900000000013", "email": "a@example.org", "captcha": "1" * 50_000}
    answer = await client.post(
        "/registration/card/card", {**card, "picture": captcha.make(scope_of(portal, clock())).token}
    )
    assert answer.status_code == 422
    assert "5\u00a0цифр с картинки" in answer.text
