"""How a state is looked at: switches that stand in the address, so that a colleague sees the same.

They are put into the answer, not into the browser: the stylesheet is told the theme, the size of the text and the
forced colours, a policy takes scripts and pictures away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode

from routes.design import ORIGINAL
from routes.dev.states import NOW, State
from routes.headers import POLICY_OF_THE_GALLERY

# The first value of each is that of an address without it. `system`: as the browser is set. The other languages hang on
# the files.
SWITCHES: Mapping[str, Sequence[str]] = {
    "width": ("360", "320", "700", "768", "1280"),
    "theme": ("system", "light", "dark"),
    "language": (ORIGINAL,),
    "text": ("100", "200"),
    "colours": ("own", "forced"),
    "script": ("on", "off"),
    "images": ("on", "off"),
}
Look = Mapping[str, str]
_THEME = re.compile(r"@media \(prefers-color-scheme: (light|dark)\)")
_REM = re.compile(r"([\d.]+)rem")
_OF_WIDTH = re.compile(r"@media[^{]*\{")
# What a browser does to a page in a mode of high contrast (CSS Color Adjustment, 3), nearly: it has one palette.
_FORCED = (
    ":root { color-scheme: dark; }"
    " *, ::before, ::after { color: #fff !important; background: #000 !important; border-color: #fff !important;"
    " box-shadow: none !important; text-shadow: none !important; }"
    " a, a * { color: #ff0 !important; } .aside { background: none !important; }"
    " :focus-visible { outline-color: #0ff !important; }"
    " button, .button { border: 1px solid #fff !important; } svg { background: none !important; }"
)


def look_of(query: Mapping[str, str], choices: Mapping[str, Sequence[str]]) -> Look:
    known = {**SWITCHES, **choices}
    return {name: query[name] if query.get(name) in values else values[0] for name, values in known.items()}


def query_of(look: Look, **more: object) -> str:
    """For an address: only what is not as usual."""
    usual = {name: values[0] for name, values in SWITCHES.items()} | {"brand": ""}
    changed = {name: value for name, value in look.items() if value != usual[name]}
    return urlencode({**more, **changed})


def style(sheet: str, look: Look) -> str:
    """The portal's stylesheet as this look has it."""
    if look["text"] == "200":
        # A width in rem is that of so many letters: the size that a customer sets in the browser doubles it.
        sheet = _OF_WIDTH.sub(
            lambda rule: re.sub(r"([\d.]+)rem", lambda rem: f"{float(rem[1]) * 2}rem", rule[0]), sheet
        )
        sheet += "\n:root { font-size: 200%; }"
    if look["theme"] != "system":
        sheet += f"\n:root {{ color-scheme: {look['theme']}; }}"
    if look["colours"] == "forced":
        sheet = sheet.replace("(forced-colors: active)", "all") + "\n" + _FORCED
    return sheet


def changes_style(look: Look) -> bool:
    return (look["text"], look["theme"], look["colours"]) != ("100", "system", "own")


def page_of(html: str, state: State, look: Look, stylesheet: str, *, still: bool) -> str:
    """A state's page with its moment; a still one takes no focus from the page around it."""
    if changes_style(look):
        # Another content has another address here, too.
        styled = query_of(look, of=stylesheet.rpartition("/")[2])
        html = html.replace(f'"{stylesheet}"', f'"/dev/gallery/portal.css?{escape(styled)}"', 1)
    at = round(NOW.timestamp() * 1000)
    script = f'<script src="/dev/gallery/frozen.js" data-at="{at}" data-moment="{escape(state.moment)}"></script>'
    html = html.replace("</head>", f"{script}\n  </head>", 1)
    return re.sub(r" autofocus(?=[\s>])", "", html) if still else html


def email_of(html: str, look: Look) -> str:
    """An e-mail in a theme: a mail program asks the system for it."""
    if look["theme"] == "system":
        return html
    return _THEME.sub(lambda found: f"@media {'all' if found[1] == look['theme'] else 'not all'}", html)


def policy_of(look: Look) -> str:
    """Of a page whose policy is that of the gallery."""
    policy = POLICY_OF_THE_GALLERY
    if look["images"] == "off":
        policy = policy.replace("img-src 'self'", "img-src 'none'")
    # No script runs in a sandbox: the page is as it is without JavaScript, `<noscript>` and all.
    return f"{policy}; sandbox allow-same-origin allow-forms" if look["script"] == "off" else policy
