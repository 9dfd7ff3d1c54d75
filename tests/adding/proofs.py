"""That an addition works: each proof uses it as the portal does, in the copy it was made in."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import pytest
from click.testing import CliRunner

SECRET = "a secret of the tests, long enough to be one"


def step() -> None:
    """A registration walks through it."""
    from app import create_app
    from db import outbox
    from domain.sealing import Sealing
    from settings import Settings
    from tests.browser import BASE, Browser, headers_of_a_browser, location, path_of
    from tests.conftest import Clock, fill_registry

    async def walk(folder: str) -> None:
        settings = Settings(_env_file=None, database=f"sqlite:{folder}/k.sqlite", secret=SECRET)  # type: ignore[call-arg]
        clock = Clock()
        app = create_app(settings, clock)

        async def read_code(_: str) -> str:
            return str(Sealing(SECRET).unseal((await outbox.newest(1))[0]["sealed"])["values"]["code"])

        transport = httpx.ASGITransport(cast(Any, app))
        async with (
            app.lifespan(),
            httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers_of_a_browser()) as http,
        ):
            await fill_registry(settings, clock())
            browser = Browser(http, read_code)
            await browser.reach("contact")
            shown = await browser.get(path_of("contact"))
            assert "Шаг 6 из 7" in shown.text.replace("\u00a0", " "), shown.text
            assert location(await browser.post(path_of("password"), {"password": "x"})) == path_of("contact")
            assert (await browser.post(path_of("contact"), {})).status_code == 422
            assert location(await browser.submit("contact")) == path_of("password")
            assert location(await browser.submit("password")) == "/profile"

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(walk(folder))
    assert "registration-account-contact" in _drawn("registration/account/contact")


def error() -> None:
    """The gallery shows it, by the templates that customers get."""
    assert "Это имя занято" in _drawn("dev/errors")


def message() -> None:
    from domain.delivery.messages import MESSAGES
    from routes.message_texts import MessageTexts

    (found,) = (one for one in MESSAGES if one.name == "device-ended")
    rendered = MessageTexts()(found.name, found.example)
    assert rendered.text.startswith("Здравствуйте, Анна!")
    assert "Анна" in (rendered.html or "")


def channel() -> None:
    from db.engine import make_engine, opened
    from db.migrate import migrate
    from domain.delivery.channels import check_channels
    from domain.delivery.gateways import open_gateways
    from domain.portal import make_portal
    from routes.cli.delivery import delivery_group
    from settings import Settings, SettingsError

    def settings(address: str) -> Settings:
        return Settings(_env_file=None, sms=address)  # type: ignore[call-arg, arg-type]

    async def at_work(folder: str) -> None:
        async with opened(make_engine(f"sqlite:{folder}/k.sqlite")) as engine:
            await migrate(engine)
            async with open_gateways(make_portal(settings("pager://desk"))) as gateways:
                assert [one.name for one in gateways["sms"]] == ["desk"]

    check_channels(settings("pager://desk"))
    with pytest.raises(SettingsError, match=r"^KABINET_SMS: a pager has no path$"):
        check_channels(settings("pager://desk/1"))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(at_work(folder))
    assert "KABINET_SMS: pager://host of the pager" in CliRunner().invoke(delivery_group, ["channels"]).stdout


def kind() -> None:
    """Its demo rows are imported, and found unchanged the second time."""
    from db.engine import make_engine, opened
    from db.migrate import migrate
    from domain.registry import demo_company
    from domain.registry.importing import import_rows
    from domain.registry.kinds import kinds
    from domain.sealing import Sealing
    from routes.cli.registry import registry_group

    now = datetime(2026, 9, 15, tzinfo=UTC)

    async def bring(folder: str) -> None:
        known = kinds(Sealing(SECRET), ("RU",), now.date())["streets"]
        cells = [[row[name] for name in known.column_names] for row in demo_company.ROWS["streets"](now.date())]
        async with opened(make_engine(f"sqlite:{folder}/k.sqlite")) as engine:
            await migrate(engine)
            reports = [await import_rows(engine, known, enumerate(cells, 1), now) for _ in range(2)]
        assert [(one.added, one.unchanged) for one in reports] == [(len(cells), 0), (0, len(cells))]

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(bring(folder))
    assert "streets: street; district" in CliRunner().invoke(registry_group, ["kinds"]).stdout


def setting() -> None:
    from domain.installation import load_settings

    os.environ["KABINET_QUIET_HOURS"] = "9"
    assert cast(Any, load_settings()).quiet_hours == 9


def _drawn(fragment: str) -> str:
    from routes.assets import Assets
    from routes.dev.gallery import draw
    from routes.dev.states import states_of
    from routes.sources import sources
    from routes.templates import Templates

    templates = Templates(ZoneInfo("Europe/Moscow"), Assets(sources(watch=False)), sources(watch=False))
    return draw(templates, states_of(fragment)[0])


PROOFS: dict[str, Callable[[], None]] = {
    "a wizard step": step,
    "an error": error,
    "a message": message,
    "a delivery channel": channel,
    "a registry kind": kind,
    "a setting": setting,
}
