"""A link is known by its route: whatever cuts tokens knows a new one by itself."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar import Response, get
from litestar.params import FromPath

from app import create_app
from routes import every_handler, handlers_of, legal
from routes.own_path import TOKEN, links_among
from routes.page import ThisPage
from settings import Settings
from tests.browser import BASE, headers_of_a_browser
from tests.conftest import SECRET, Clock

PATH = "/messages/opened"
SECRET_TOKEN = "a-token-that-stands-nowhere-else-43-signs-x"


@get(f"{PATH}{TOKEN}", name="messages.opened")
async def open_message(page: ThisPage, token: FromPath[str]) -> Response[Any]:
    return page.show("registration/choice", tracks=page.settings.tracks)


def test_the_links_of_today() -> None:
    assert links_among(every_handler()) == (
        "/delivery/receipts",
        "/email/confirmation",
        "/profile/cards/confirmation",
        "/registration/card/phone",
        "/request",
        "/staff/setup",
    )


def test_no_other_parameter_at_the_end_of_a_path_is_a_secret() -> None:
    """Whatever else ends a path stands in pages, logs and `Referer`: each was looked at."""
    paths = {path for handler in every_handler() for path in handler.paths if path.endswith("}")}
    public = {path for path in paths if not path.endswith(TOKEN)}
    assert {path.rpartition("/")[2] for path in public} == {
        "{language:str}",
        "{field:str}",
        "{account:str}",
        "{person:str}",
        "{number:str}",
    }


def test_a_link_is_cut_though_its_way_to_register_is_off(tmp_path: Path) -> None:
    settings = _settings(tmp_path, tracks="account")
    assert "/registration/card/phone" not in links_among(handlers_of(settings))
    assert "/registration/card/phone" in create_app(settings).state.links


async def test_a_new_link_is_cut_everywhere_by_its_route_alone(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    sqlite_template: Path,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(legal, "handlers", [*legal.handlers, open_message])
    app = create_app(_settings(tmp_path), clock)
    # Making the portal sets the handlers of the log anew.
    logging.getLogger().addHandler(caplog.handler)
    caplog.set_level(logging.DEBUG)
    link = f"{PATH}/{SECRET_TOKEN}"
    async with (
        app.lifespan(),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(cast(Any, app)), base_url=BASE, headers=headers_of_a_browser()
        ) as http,
    ):
        for path in (link, f"{link}/", f"{link}/more", f"{link}?x=1"):
            for answer in (await http.get(path), await http.post(path, data={"a": "b"}), await http.head(path)):
                assert answer.headers["referrer-policy"] == "no-referrer", path
                assert SECRET_TOKEN not in answer.text + str(answer.headers), path
        shown = await http.get(link)
        assert shown.status_code == 200
        assert f'formaction="/language/en?back={PATH}"' in shown.text
        assert SECRET_TOKEN not in (await http.get(f"/?from={link}")).text
        partial = {"HX-Request": "true", "HX-Request-Type": "partial"}
        assert (await http.get(link, headers=partial)).headers["hx-push-url"] == PATH
        signed_out = await http.post("/sign-out")
        assert any(one.startswith("messages-opened=") for one in signed_out.headers.get_list("set-cookie"))
    assert "/messages/opened/{token" in caplog.text
    assert SECRET_TOKEN not in caplog.text


def _settings(folder: Path, **more: Any) -> Settings:
    return Settings(_env_file=None, database=f"sqlite:{folder / 'kabinet.sqlite'}", secret=SECRET, **more)  # type: ignore[call-arg]
