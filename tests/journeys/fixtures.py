"""Server, browser and visitor, for the test modules that name this one in `pytest_plugins`."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import shutil
from collections.abc import Iterator

import pytest
from _pytest.nodeid import NodeId
from playwright.sync_api import Browser, Error, expect, sync_playwright

from tests.journeys.modes import WITH_SCRIPT, WITHOUT_SCRIPT
from tests.journeys.server import Server, new_database, running
from tests.journeys.visitor import PATIENCE, BrowserErrors, Visitor

# Quiet: nothing here may reach out to the network by itself. Containers run as root, hence no sandbox.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_numbers = itertools.count(random.SystemRandom().randrange(9_000_000))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What pytest-xdist 3.8 does for `xdist_group`, which pytest 9.2 no longer lets it do: it sets `_nodeid`."""
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        if group := item.get_closest_marker("xdist_group"):
            item._id = NodeId.parse(f"{item.nodeid}@{group.args[0]}")


def chromium(*lighter: str) -> str | None:
    """The system's: the first of `lighter` builds that is there, else the whole browser; None for playwright's own."""
    path = f"{os.environ.get('PATH', '')}:/usr/bin"
    return next(filter(None, (shutil.which(name, path=path) for name in (*lighter, "chromium"))), None)


@pytest.fixture(scope="session", params=[WITH_SCRIPT, WITHOUT_SCRIPT])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    if request.param == "sqlite":
        database = f"sqlite:{folder / 'kabinet.sqlite'}"
    else:
        database = asyncio.run(new_database(request.getfixturevalue("postgres_uri")))
    with running(database, folder) as server:
        yield server


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Browser]:
    """For one module only: the loop that playwright keeps running in this thread must be gone before async tests.

    It needs the server, so that it also goes before another database is set up, which needs the thread's loop too.
    """
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=chromium("chromium-headless-shell"), args=ARGUMENTS)
        except Error as error:
            pytest.fail(f"no Chromium could be started; run tests/browser-setup. {error.message.splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture
def remembering_browser(browser: Browser) -> Iterator[Browser]:
    """One that keeps documents in memory for Back, which playwright forbids otherwise."""
    forbids = ["--disable-back-forward-cache"]
    remembering = browser.browser_type.launch(executable_path=chromium(), args=ARGUMENTS, ignore_default_args=forbids)
    yield remembering
    remembering.close()


@pytest.fixture
def scripted(server: Server) -> bool:
    """Whether the browser runs JavaScript."""
    return server.database.startswith("sqlite:")


@pytest.fixture
def visitor(browser: Browser, server: Server, scripted: bool) -> Iterator[Visitor]:
    """On the narrowest screen that has to work: WCAG 2.2, 1.4.10."""
    context = browser.new_context(
        java_script_enabled=scripted, viewport={"width": 320, "height": 640}, locale="ru-RU", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    browser_errors = BrowserErrors(server.url)
    browser_errors.listen_to(context)
    number = next(_numbers)
    # The first hundred accounts belong in part to customers of the fictitious company.
    yield Visitor(context.new_page(), server, browser_errors, number, server.bill(100 + number % 400))
    context.close()
    browser_errors.check()
