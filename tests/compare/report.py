"""The pictures of both trees side by side, with what differs marked, on one local page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

from PIL import Image, ImageChops

_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 2rem; }
h2 { margin-block: 2.5rem .5rem; font-size: 1.125rem; }
h3 { margin-block: 1rem .25rem; font-size: .875rem; font-weight: 400; }
.three { display: flex; gap: 1rem; align-items: start; overflow-x: auto; }
figure { margin: 0; flex: none; } figcaption { font-size: .8125rem; }
a { display: block; } img { display: block; border: 1px solid #8888; max-inline-size: 30rem; block-size: auto; }
.marked { position: relative; } .marked img:first-child { opacity: .3; }
.marked img + img { position: absolute; inset: 0; }
.same { columns: 20rem; font-size: .875rem; }
"""
_HEAD = '<!DOCTYPE html><html lang="ru"><head><meta charset="utf-8"><title>Было и стало</title>'
_NOTHING = Image.new("RGB", (0, 0))
_ALL_OR_NOTHING = [0] + [255] * 255
_RED_AT_255 = [0, 0, 0] * 255 + [220, 0, 0]
_TITLES = {"base": "Было", "tree": "Стало", "marked": "Разница"}


@dataclass(frozen=True)
class Picture:
    """One state at one width in one theme; a side that does not have it is None."""

    title: str
    look: str
    base: bytes | None
    tree: bytes | None

    @cached_property
    def changed(self) -> bool:
        return self.base != self.tree and self.marked[1] > 0

    @cached_property
    def marked(self) -> tuple[bytes, int]:
        """Each pixel that differs in red on nothing, as PNG; and how many there are."""
        base, tree = (Image.open(io.BytesIO(png)).convert("RGB") if png else _NOTHING for png in (self.base, self.tree))
        # What only one side has differs, whatever its colour.
        mask = Image.new("L", (max(base.width, tree.width), max(base.height, tree.height)), 255)
        both = (0, 0, min(base.width, tree.width), min(base.height, tree.height))
        red, green, blue = ImageChops.difference(base.crop(both), tree.crop(both)).split()
        mask.paste(ImageChops.lighter(ImageChops.lighter(red, green), blue).point(_ALL_OR_NOTHING))
        pixels = mask.histogram()[255]
        mask.putpalette(_RED_AT_255)
        written = io.BytesIO()
        mask.save(written, "PNG", compress_level=1, transparency=0)
        return written.getvalue(), pixels


def write(folder: Path, base: str, pictures: Sequence[Picture], same: Sequence[str], seconds: float) -> int:
    """`index.html` and its pictures; how many of them differ."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = [picture for picture in pictures if picture.changed]
    unchanged = [picture for picture in pictures if not picture.changed]
    lines = [
        f"{_HEAD}<style>{_STYLE}</style></head><body>",
        f"<h1>Было ({escape(base)}) и стало</h1>",
        f"<p>Различий: {len(changed)}, снимков: {len(pictures)}, секунд: {seconds:.0f}.",
        f"Не снимались, потому что HTML, стили и картинки совпадают до байта: {len(same)}.</p>",
    ]
    title = ""
    for number, picture in enumerate([*changed, *unchanged]):
        if picture.title != title:
            title = picture.title
            lines.append(f"<h2>{escape(title)}</h2>")
        lines.append(_row(folder, number, picture, with_mark=number < len(changed)))
    lines += ["<h2>Совпадают до байта</h2><ul class=same>", *(f"<li>{escape(name)}</li>" for name in same), "</ul>"]
    (folder / "index.html").write_text("\n".join(lines) + "</body></html>\n", "utf-8")
    return len(changed)


def _row(folder: Path, number: int, picture: Picture, *, with_mark: bool) -> str:
    files = {"base": picture.base, "tree": picture.tree if with_mark else None}
    told, figures = escape(picture.look), []
    for side, png in files.items():
        if png is not None:
            (folder / f"{number}-{side}.png").write_bytes(png)
            figures.append(_figure(f"{number}-{side}.png", _TITLES[side] if with_mark else "Без изменений"))
    if with_mark:
        marked, pixels = picture.marked
        (folder / f"{number}-marked.png").write_bytes(marked)
        under = next(f"{number}-{side}.png" for side in ("tree", "base") if files[side] is not None)
        figures.append(_figure(under, _TITLES["marked"], f"{number}-marked.png"))
        told += f": {pixels} px"
    return f'<h3>{told}</h3><div class="three">{"".join(figures)}</div>'


def _figure(file: str, title: str, marks: str = "") -> str:
    """With `marks` over it, pale."""
    over = f'<img loading="lazy" src="{marks}" alt="">' if marks else ""
    kind = ' class="marked"' if marks else ""
    link = f'<a href="{file}"{kind}><img loading="lazy" src="{file}" alt="{title}">{over}</a>'
    return f"<figure><figcaption>{title}</figcaption>{link}</figure>"
