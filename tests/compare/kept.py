"""Pictures of earlier runs: a page that is the same to the byte, seen by the same browser, is not drawn again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from tests.compare import shots
from tests.compare.shots import THEMES, WIDTHS, Looked, Shots

_DAYS = 7


class Kept:
    """What stands in a page is in it, or is named in it by its content: so its HTML tells the picture."""

    def __init__(self, folder: Path, shots_: Shots) -> None:
        self._folder, self._shots = folder, shots_
        self._how = f"{shots_.version}\0{Path(shots.__file__).read_text('utf-8')}\0"
        folder.mkdir(parents=True, exist_ok=True)

    async def look(self, address: str, html: str) -> Sequence[Looked]:
        name = hashlib.sha256((self._how + html).encode()).hexdigest()
        paths = {(width, theme): self._folder / f"{name}-{width}-{theme}.png" for width in WIDTHS for theme in THEMES}
        if all(path.is_file() for path in paths.values()):
            for path in paths.values():
                path.touch()
            return [Looked(*look, path.read_bytes()) for look, path in paths.items()]
        looked = await self._shots.look(address)
        for one in looked:
            paths[one.width, one.theme].write_bytes(one.png)
        return looked

    def tidy(self) -> None:
        """Those that no run has used for a week."""
        for path in self._folder.iterdir():
            if path.stat().st_mtime < time.time() - _DAYS * 86400:
                path.unlink()
