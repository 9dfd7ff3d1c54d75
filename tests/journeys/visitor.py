"""A customer at a real browser. Whatever the browser complains about fails the test."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    WebError,
    expect,
)

from domain.registration.progress import REGISTRATION
from tests.journeys.server import Bill, Server
from tests.routes.registration.account import step_test

PATIENCE = 8_000  # milliseconds; a step takes under 100 on an idle machine
_FAILED = re.compile(r"Failed to load resource: the server responded with a status of (\d{3})")


# The steps that the walks fill in field by field. One that is new is passed by what its test says is typed there.
WALKED = ("phone", "code", "bill", "address", "person", "password")


@dataclass
class BrowserErrors:
    """What a browser says of the pages it shows; a test names what it expects, everything else fails it."""

    origin: str
    heard: list[str] = field(default_factory=list)
    failed: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    expected_failures: Counter[int] = field(default_factory=Counter)
    expected_words: list[str] = field(default_factory=list)

    def listen_to(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", self._fault)
        context.on("request", self._request)

    def check(self) -> None:
        unexpected = [said for said in self.heard if not any(words in said for words in self.expected_words)]
        assert not unexpected, "the browser complained:\n" + "\n".join(unexpected)
        more = self.failed - self.expected_failures
        assert not more, f"{dict(more)} more failed answers than expected: {self.failures}"

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        # The browser itself notes each answer of 400 and above, a refused step (422) too.
        if failure := _FAILED.match(message.text):
            self.failed[int(failure.group(1))] += 1
            self.failures.append(f"{failure.group(1)} {message.location.get('url')}")
        else:
            self.heard.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _fault(self, error: WebError) -> None:
        self.heard.append(f"uncaught: {error.error}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.origin + "/", "data:")):
            self.heard.append(f"a request left the portal: {request.url}")


@dataclass
class Visitor:
    """A customer at a browser of their own, with a phone, an e-mail and an account that nobody else has."""

    page: Page
    server: Server
    browser_errors: BrowserErrors
    number: int
    bill: Bill

    @property
    def phone(self) -> str:
        return f"900{self.number:07d}"

    @property
    def email(self) -> str:
        return f"visitor{self.number}@example.org"

    @property
    def international(self) -> str:
        return "+7" + self.phone

    def open(self, path: str) -> None:
        self.page.goto(self.server.url + path)

    def expect_screen(self, path: str, screen: str) -> None:
        """Wait for the screen (its root element's id) at its own address; nothing of it may need sideways scrolling."""
        expect(self.page.locator(f"#{screen}")).to_be_visible()
        expect(self.page).to_have_url(re.compile(re.escape(self.server.url + path) + r"(\?.*)?$"))
        expect(self.page.locator(":focus"), "the focus is lost").to_have_count(1)
        self.expect_no_sideways_scrolling()

    def expect_step(self, slug: str) -> None:
        for before in REGISTRATION.slugs[: REGISTRATION.slugs.index(slug) if slug in REGISTRATION.slugs else 0]:
            if before not in WALKED:
                self._pass(before, slug)
        self.expect_screen(f"/registration/account/{slug}", f"registration-account-{slug}")
        expect(self.page).not_to_have_title(re.compile("Ошибка"))

    def _pass(self, step: str, on_to: str) -> None:
        """Where the step lies on the way: fill it in as its test does, and go on."""
        here = self.page.locator(f"#registration-account-{step}")
        expect(here.or_(self.page.locator(f"#registration-account-{on_to}")).first).to_be_visible()
        if here.is_visible():
            for name, text in step_test(step).TYPED.items():
                here.locator(f"[name={name}]").fill(text)
            here.locator("form button").first.click()

    def expect_no_sideways_scrolling(self) -> None:
        widths = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert widths[0] <= widths[1], f"{self.page.url} is {widths[0]} px wide in a window of {widths[1]} px"

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(re.compile(rf"^{re.escape(label)}( \*)?$"))

    def fill(self, texts: dict[str, str]) -> None:
        for label, text in texts.items():
            self.field(label).fill(text)

    def paste(self, label: str, text: str) -> None:
        """As the browser takes it from the clipboard: cut where the field says how long it may be."""
        self.field(label).fill("")
        self.field(label).focus()
        self.page.keyboard.insert_text(text)

    def press(self, name: str) -> None:
        """Press the button and wait until its answer is on the screen."""
        with self.answered():
            self.button(name).click()

    @contextlib.contextmanager
    def answered(self) -> Iterator[None]:
        """Wait for the answer to the form that is sent here, and until no button says it waits for it."""

        def is_step(request: Request) -> bool:
            return request.method == "POST" and not re.search("/fields/|/conditions$", request.url)

        with self.page.expect_event("requestfinished", lambda request: is_step(request), timeout=PATIENCE):
            yield
        expect(self.page.locator("button[aria-busy]")).to_have_count(0)

    @contextlib.contextmanager
    def refusal(self) -> Iterator[None]:
        """What is done here is answered with 422: the one complaint of the browser that is no fault."""
        self.browser_errors.expected_failures[422] += 1
        yield

    def press_and_expect_errors(self, button: str, errors: dict[str, str]) -> None:
        """Press the button; the step comes back with these errors, by label, and is usable by keyboard and ear."""
        with self.refusal():
            self.press(button)
        expect(self.page).to_have_title(re.compile("^Ошибка: "))
        for label, text in errors.items():
            wrong = self.field(label)
            expect(wrong, f"«{label}» is not marked as wrong").to_have_attribute("aria-invalid", "true")
            expect(wrong, f"«{label}» is not told with its text").to_have_accessible_description(
                re.compile(re.escape(text))
            )
            expect(self.page.locator(f"#{wrong.get_attribute('id')}-error").get_by_text(text)).to_be_visible()
        expect(self.page.locator("[aria-invalid=true]")).to_have_count(len(errors))
        self._focus_is_right(errors)
        self.expect_no_sideways_scrolling()

    def _focus_is_right(self, errors: dict[str, str]) -> None:
        summary = self.page.locator(".summary")
        if len(errors) == 1:
            expect(self.field(next(iter(errors))), "the one wrong field has not the focus").to_be_focused()
            return
        expect(summary, "the summary has not the focus").to_be_focused()
        for link, label in zip(summary.get_by_role("link").all(), errors, strict=True):
            link.click()
            expect(self.field(label), f"the summary's link does not lead to «{label}»").to_be_focused()

    def code(self) -> str:
        """The code of the newest SMS."""
        return self.server.messages(self.international)[0].code

    def count(self, message: str) -> int:
        messages = self.server.messages(self.international) + self.server.messages(self.email)
        return sum(sent.message == message for sent in messages)
