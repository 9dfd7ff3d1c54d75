"""Every state and message of another commit and of the work tree, side by side: `make compare`.

A state whose HTML is byte for byte the same in both is not drawn: its styles, scripts and pictures stand in it under
addresses that tell their content. For the same reason a picture of an earlier run serves again, in `kept/`.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.compare import drawn, report
from tests.compare.kept import Kept
from tests.compare.report import Picture
from tests.compare.shots import THEMES, WIDTHS, opened

ROOT = Path(__file__).parents[2]
Pages = Mapping[str, str]
_KEPT = "kept"


def main() -> None:
    asked = _asked()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="kabinet-compare-") as name:
        folder = Path(name)
        base, tree = _drawn_both(folder, asked.base, asked.language)
        wanted = [title for title in [*tree, *(gone for gone in base if gone not in tree)] if asked.only in title]
        same = [title for title in wanted if base.get(title) == tree.get(title) and not asked.all]
        drawn_titles = [title for title in wanted if title not in set(same)]
        kept = None if asked.all else asked.into / _KEPT
        pictures = asyncio.run(_pictures(drawn_titles, base, tree, folder, kept))
    _clear(asked.into)
    seconds = time.perf_counter() - began
    changed = report.write(asked.into, asked.base, pictures, same, seconds)
    told = f"{changed} of {len(pictures)} pictures differ; {len(same)} of {len(wanted)} states are the same to the byte"
    took = time.perf_counter() - began
    print(f"{told} and were not drawn; {took:.1f} s: {asked.into / 'index.html'}")  # noqa: T201 - what it is for


def _clear(folder: Path) -> None:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_file():
            path.unlink()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make compare")
    parser.add_argument("--base", default="main", help="the commit that the work tree is compared with")
    parser.add_argument("--only", default="", help="a part of the names of journeys, fragments or states")
    parser.add_argument("--language", default="ru")
    parser.add_argument("--all", action="store_true", help="draw what is the same to the byte, too, and all of it anew")
    parser.add_argument("--into", type=Path, default=ROOT / "compare")
    return parser.parse_args()


def _drawn_both(folder: Path, base: str, language: str) -> tuple[Pages, Pages]:
    archive = subprocess.run(["git", "archive", base], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        sys.exit(f"BASE: {archive.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder / "exported", filter="data")
    sides = {"base": folder / "exported", "tree": ROOT}
    for side in sides:
        (folder / side).mkdir()
    running = [
        subprocess.Popen([sys.executable, drawn.__file__, tree, folder / side, language], cwd=tree)
        for side, tree in sides.items()
    ]
    ended = [process.wait() for process in running]
    if any(ended):
        sys.exit("BASE or the work tree cannot be drawn: see above")
    first, second = (_read(folder / side) for side in sides)
    return first, second


def _read(folder: Path) -> Pages:
    """HTML by title."""
    read = json.loads((folder / "pages.json").read_text("utf-8"))
    return {
        " · ".join(filter(None, (one["journey"], one["of"], one["name"], one["part"]))): one["html"] for one in read
    }


async def _pictures(titles: Sequence[str], base: Pages, tree: Pages, folder: Path, kept: Path | None) -> list[Picture]:
    if not titles:
        return []
    sides = {"base": base, "tree": tree}
    pages = {f"/{side}/{n}": of[title] for n, title in enumerate(titles) for side, of in sides.items() if title in of}
    async with opened(pages, [folder / side for side in sides]) as shots:
        if kept is None:
            every = await asyncio.gather(*map(shots.look, pages))
        else:
            known = Kept(kept, shots)
            every = await asyncio.gather(*(known.look(address, html) for address, html in pages.items()))
            known.tidy()
        looked = dict(zip(pages, every, strict=True))
    found = []
    for number, title in enumerate(titles):
        seen = {
            side: {(one.width, one.theme): one.png for one in looked.get(f"/{side}/{number}", ())} for side in sides
        }
        found += [
            Picture(title, f"{width} px, {theme}", seen["base"].get((width, theme)), seen["tree"].get((width, theme)))
            for width in WIDTHS for theme in THEMES
        ]  # fmt: skip
    return found


if __name__ == "__main__":
    main()
