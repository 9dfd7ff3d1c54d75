"""After every swap the focus is on the first wrong field, the summary or the heading, never on the body.

The journeys ask the same of every screen they come to (`Visitor.expect_screen`).
"""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from routes.dev.states import fragments, states_of
from tests.journeys.server import Server

pytest_plugins = ["tests.journeys.fixtures"]
pytestmark = [
    pytest.mark.xdist_group("gallery"),
    pytest.mark.parametrize("server", ["sqlite"], indirect=True),
]
# Swaps a state in as htmx does for a link, and tells where the focus went.
_SWAPPED = """
async (address) => {
  document.activeElement?.blur();
  await htmx.ajax("GET", address, { target: "#step", swap: "innerHTML" });
  const focused = document.activeElement;
  const step = document.getElementById("step");
  const wrong = [...step.querySelectorAll("[aria-invalid=true]")];
  const summary = step.querySelector(".summary");
  const button = step.querySelector("button[aria-describedby$='-error']");
  // A button that stays where it was pressed keeps the focus: routes/forms.py, `pressed`.
  const pressed = document.querySelector("#another-picture[autofocus], #language-button[autofocus]");
  const right = pressed ?? summary ?? wrong[0] ?? button ?? step.querySelector("h1, h2[autofocus]");
  const heading = focused.matches("h1, h2");
  return [focused === right || (heading && !summary && !wrong.length && !button), focused.outerHTML.slice(0, 80)];
}
"""


def test_every_state_of_the_gallery_takes_the_focus_where_it_belongs(browser: Browser, server: Server) -> None:
    context = browser.new_context(locale="ru-RU", reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{server.url}/terms")
    lost: list[str] = []
    for fragment in fragments():
        for number, state in enumerate(states_of(fragment)):
            address = f"/dev/gallery/state?fragment={quote(fragment)}&number={number}"
            right, where = page.evaluate(_SWAPPED, address)
            if not right:
                lost.append(f"{fragment} «{state.name}»: {where}")
    context.close()
    assert not lost, "\n".join(lost)
