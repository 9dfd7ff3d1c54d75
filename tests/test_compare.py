"""Before and after: what is the same shows no difference, and what differs is found and marked."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

from PIL import Image

from tests.compare import drawn
from tests.compare.kept import Kept
from tests.compare.report import Picture, write
from tests.compare.shots import THEMES, WIDTHS, Looked, Shots, opened

ROOT = Path(__file__).parents[1]
# What would differ if a clock, chance or another tab had a part in it.
TAKEN = {
    "profile/overview · сеанс скоро кончится",
    "registration/account/code · код отправлен",
    "sign_in/phone · кнопка ждет",
}


def _drawn(folder: Path) -> dict[str, str]:
    folder.mkdir()
    subprocess.run([sys.executable, drawn.__file__, ROOT, folder, "ru"], cwd=ROOT, check=True)
    read = json.loads((folder / "pages.json").read_text("utf-8"))
    return {f"{one['of']} · {one['name']} {one['part']}".strip(): one["html"] for one in read}


async def test_the_same_code_is_drawn_the_same_twice(tmp_path: Path) -> None:
    first, second = (_drawn(tmp_path / name) for name in ("first", "second"))
    assert first == second
    assert first.keys() >= TAKEN
    pages = {f"/{side}/{number}": first[name] for number, name in enumerate(sorted(TAKEN)) for side in "ab"}
    async with opened(pages, [tmp_path / "first"]) as shots:
        looked = {address: await shots.look(address) for address in pages}
    for number in range(len(TAKEN)):
        assert len(looked[f"/a/{number}"]) == 4
        assert looked[f"/a/{number}"] == looked[f"/b/{number}"]
    # Light and dark, narrow and wide are not the same.
    assert len({one.png for one in looked["/a/0"]}) == 4


class _Counting:
    """Shots, and how often they were taken."""

    version = "1"

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def look(self, address: str) -> list[Looked]:
        self.taken.append(address)
        return [Looked(width, theme, address.encode()) for width in WIDTHS for theme in THEMES]


async def test_a_page_that_is_the_same_to_the_byte_is_drawn_once(tmp_path: Path) -> None:
    shots = _Counting()
    for html in ("<p>", "<p>", "<p> "):
        looked = await Kept(tmp_path, cast(Shots, shots)).look(f"/{html}", html)
        assert [one.png for one in looked] == [shots.taken[-1].encode()] * 4
    assert shots.taken == ["/<p>", "/<p> "]
    shots.version = "2"
    await Kept(tmp_path, cast(Shots, shots)).look("/<p>", "<p>")
    assert len(shots.taken) == 3


def test_a_picture_that_no_run_has_used_for_a_week_goes(tmp_path: Path) -> None:
    for name, age in (("new", 6 * 86400), ("old", 8 * 86400)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    Kept(tmp_path, cast(Shots, _Counting())).tidy()
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_what_differs_comes_first_and_is_marked(tmp_path: Path) -> None:
    plain, dotted, longer = Image.new("RGB", (20, 10), "white"), Image.new("RGB", (20, 10), "white"), (20, 14)
    dotted.putpixel((3, 4), (250, 255, 255))
    pictures = [
        Picture("same", "360 px, light", _png(plain), _png(plain)),
        Picture("a pixel", "360 px, light", _png(plain), _png(dotted)),
        Picture("longer", "360 px, light", _png(plain), _png(Image.new("RGB", longer, "white"))),
        Picture("new", "360 px, light", None, _png(plain)),
    ]
    assert [picture.marked[1] for picture in pictures] == [0, 1, 80, 200]
    marked = Image.open(io.BytesIO(pictures[1].marked[0])).convert("RGBA")
    assert marked.getpixel((3, 4)) == (220, 0, 0, 255)
    assert write(tmp_path, "main", pictures, ["untouched"], 1.0) == 3
    page = (tmp_path / "index.html").read_text("utf-8")
    assert [page.index(f"<h2>{title}</h2>") for title in ("a pixel", "longer", "new", "same")] == sorted(
        page.index(f"<h2>{title}</h2>") for title in ("a pixel", "longer", "new", "same")
    )
    assert "untouched" in page
    assert len(list(tmp_path.glob("*-marked.png"))) == 3


def _png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
