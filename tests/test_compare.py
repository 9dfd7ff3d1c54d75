"""Before and after: what is the same shows no difference, and what differs is found and marked."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

from PIL import Image

from tests.compare import drawn
from tests.compare.report import Picture, write
from tests.compare.shots import opened

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


def test_what_differs_comes_first_and_is_marked(tmp_path: Path) -> None:
    plain, dotted, longer = Image.new("RGB", (20, 10), "white"), Image.new("RGB", (20, 10), "white"), (20, 14)
    dotted.putpixel((3, 4), (250, 255, 255))
    pictures = [
        Picture("same", "360 px, light", _png(plain), _png(plain)),
        Picture("a pixel", "360 px, light", _png(plain), _png(dotted)),
        Picture("longer", "360 px, light", _png(plain), _png(Image.new("RGB", longer, "white"))),
        Picture("new", "360 px, light", None, _png(plain)),
    ]
    assert [picture.marked()[1] for picture in pictures] == [0, 1, 80, 200]
    marked = pictures[1].marked()[0]
    assert marked.getpixel((3, 4)) == (220, 0, 0)
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
