"""Draws every state and every message of one tree as HTML, with the code of that tree: `drawn.py TREE FOLDER LANGUAGE`.

It is run as a program of its own, also for a tree that does not have this file. What hangs on the clock or on chance is
that of the states' one moment; the picture code is a picture that stands still.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import sys
from pathlib import Path
from typing import Any

# Files of the gallery have no hash in their addresses.
_UNHASHED = re.compile(r'"/dev/(?:[\w-]+/)*([\w.-]+\.(?:css|js))"')
_PICTURE = re.compile(r'"/captcha/[^"]+/picture\.webp"')


def main(tree: Path, folder: Path, language: str) -> None:
    sys.path.insert(0, str(tree))
    # Those of the tree that is drawn, not of this file's.
    from zoneinfo import ZoneInfo

    from routes.assets import Assets
    from routes.catalogue import use_language
    from routes.contrast import STYLESHEET
    from routes.dev.contact_sheet import groups
    from routes.dev.gallery import draw
    from routes.dev.look import look_of, page_of
    from routes.dev.message_states import message_states_of
    from routes.dev.states import states_of
    from routes.message_texts import MessageTexts
    from routes.sources import sources
    from routes.templates import Templates

    files = sources(watch=False)
    assets = Assets(files)
    templates, messages = Templates(ZoneInfo("Europe/Moscow"), assets, files), MessageTexts(files, "")
    look = look_of({"language": language}, {"language": [language], "brand": [""]})
    pages = Pages(folder, tree)
    with use_language(language):
        for group in groups(files.design):
            for shown in group.states:
                about = {"journey": group.journey, "of": group.of, "name": shown.name, "part": shown.part}
                if not shown.part:
                    state = states_of(group.of, files.design)[shown.number]
                    page = page_of(draw(templates, state), state, look, templates.asset(STYLESHEET), still=True)
                    pages.add(about, page)
                    continue
                made = messages(group.of, message_states_of(group.of, files.design)[shown.number].values, language)
                pages.add(about, _text(made.text) if made.html is None or shown.part == "text" else made.html)
    for name in files.design.assets():
        pages.file(assets(name).removeprefix("/static/"), assets._served[assets(name).removeprefix("/static")].content)
    (folder / "pages.json").write_text(json.dumps(pages.all, ensure_ascii=False), "utf-8")


class Pages:
    def __init__(self, folder: Path, tree: Path) -> None:
        self._folder, self._tree = folder, tree
        self.all: list[dict[str, Any]] = []

    def add(self, about: dict[str, Any], page: str) -> None:
        page = _PICTURE.sub('"/static/captcha.webp"', page)
        self.all.append({**about, "html": _UNHASHED.sub(lambda found: f'"{self._hashed(found[1])}"', page)})

    def _hashed(self, name: str) -> str:
        path = self._tree / "routes" / "dev" / name
        content = path.read_bytes() if path.is_file() else b""
        address = f"{hashlib.sha256(content).hexdigest()[:12]}.{name}"
        self.file(address, content)
        return f"/static/{address}"

    def file(self, name: str, content: bytes) -> None:
        path = self._folder / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _text(text: str) -> str:
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>'
        f'<body><pre style="white-space: pre-wrap">{html.escape(text)}</pre></body></html>'
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
