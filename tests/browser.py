"""A browser without a screen: it keeps cookies, says where it comes from, and walks the registration.

The same over ASGI (tests/conftest.py) and over real connections (tests/faults/portal_process.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from domain.registration.progress import REGISTRATION
from tests.routes.registration.account import step_test

BASE = "http://127.0.0.1:8000"
COOKIE = "kabinet"
PHONE = "+7 912 345-67-89"
PASSWORD = "зимний вечер у реки"
BILL = {"period": "2036-08", "account_number": "7000000111", "amount": "1234,56"}
PERSON = {
    "last_name": "Иванова", "first_name": "Анна", "patronymic": "Петровна",
    "birth_date": "05.03.1984", "email": "ivanova@example.org",
}  # fmt: skip
REQUEST = {
    "last_name": "Иванова", "first_name": "Анна", "patronymic": "",
    "email": "ivanova@example.org", "address": "ул. Тихая, 5", "account_number": "", "comment": "Новый дом",
}  # fmt: skip
# The button of a code's window that sends another one, and that of the profile for another e-mail.
ANOTHER = {"another": "yes"}
# That one dictated by telephone.
CALL = {"another": "call"}
STEPS = REGISTRATION.slugs


def headers_of_a_browser() -> dict[str, str]:
    return {"Sec-Fetch-Site": "same-origin", "User-Agent": "Tests/1.0"}


def months_before(now: datetime, months: int) -> str:
    """The billing period `months` before that of `now`."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return f"{year}-{month + 1:02d}"


def wrong_code(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


def path_of(step: str) -> str:
    return f"/registration/account/{step}"


def path_after(step: str) -> str:
    """Where the step leads when it is done."""
    return path_of(STEPS[STEPS.index(step) + 1])


@cache
def _typed() -> dict[str, Mapping[str, str]]:
    return {step: step_test(step).TYPED for step in STEPS}


@dataclass
class Browser:
    """`read_code` looks up the newest code that was sent to a phone, as its owner would."""

    http: httpx.AsyncClient
    read_code: Callable[[str], Awaitable[str]]
    phone: str = PHONE
    forms: dict[str, Mapping[str, str]] = field(default_factory=lambda: dict(_typed()))

    @property
    def cookie(self) -> str | None:
        return self.http.cookies.get(COOKIE)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.http.get(path, **more)

    async def post(self, path: str, data: Any = None, **more: Any) -> httpx.Response:
        return await self.http.post(path, data=data, **more)

    async def open(self, path: str) -> httpx.Response:
        """A link: to the end of its redirects."""
        return await self.follow(await self.get(path))

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        """To the end of the redirects, as a browser goes."""
        hops = 0
        while answer.is_redirect:
            hops += 1
            assert hops < 6, "redirects without an end"
            answer = await self.http.get(answer.headers["location"])
        return answer

    async def htmx(
        self, path: str, data: Mapping[str, str] | None = None, *, at: str | None = None, **headers: str
    ) -> httpx.Response:
        """What htmx sends from the page `at`: a GET, or with `data` a POST."""
        sent = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Current-URL": f"{BASE}{at or path}", **headers}
        return await self.http.request("GET" if data is None else "POST", path, data=data, headers=sent)

    async def path_of_last_step(self) -> str:
        """The path where a request for the last step ends."""
        answer = await self.follow(await self.get(path_of("password")))
        return answer.request.url.path

    async def form_of(self, step: str) -> Mapping[str, str]:
        """What is typed at `step`, correctly."""
        if step == "phone":
            return {"phone": self.phone, "consent": "yes"}
        if step == "code":
            return {"code": await self.read_code(self.phone)}
        return self.forms[step]

    async def submit(self, step: str) -> httpx.Response:
        """Fill `step` in correctly and send it; it must lead on."""
        answer = await self.post(path_of(step), await self.form_of(step))
        assert answer.status_code == 303, (step, answer.status_code, answer.text)
        return answer

    async def reach(self, step: str) -> None:
        """Take every step before `step`."""
        for earlier in STEPS[: STEPS.index(step)]:
            await self.submit(earlier)

    async def register(self) -> httpx.Response:
        """The whole registration."""
        await self.reach("password")
        return await self.submit("password")

    async def sign_in(self, password: str = PASSWORD, phone: str | None = None) -> httpx.Response:
        """Both windows; the answer to the password."""
        await self.post("/sign-in/phone", {"phone": phone or self.phone})
        return await self.post("/sign-in/password", {"password": password})


def location(answer: httpx.Response) -> str:
    """Where a 303 leads, without the query."""
    assert answer.status_code == 303, (answer.status_code, answer.text)
    return urlsplit(answer.headers["location"]).path
