"""Static files under hashed names, compressed once; ServeStatic answers 304 and the best encoding."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

import brotli
from servestatic import ServeStaticASGI

STATIC = Path(__file__).parent.parent / "static"
_COMPRESSED = {".js", ".css", ".svg", ".txt", ".html", ".webmanifest"}


class Assets:
    """Call it with a file's name for its address. Built anew when a file changes where `reload` is on."""

    def __init__(self, *, reload: bool) -> None:
        self._reload = reload
        self._folder = Path(tempfile.mkdtemp(prefix="kabinet-static-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._known: dict[str, tuple[int, str]] = {}
        self.application = ServeStaticASGI(
            None, max_age=0, allow_all_origins=False, immutable_file_test=r"^.+\.[0-9a-f]{12}\..+$"
        )
        for path in sorted(STATIC.rglob("*")):
            if path.is_file():
                self(path.relative_to(STATIC).as_posix())

    def __call__(self, name: str) -> str:
        known = self._known.get(name)
        if known is None or self._reload:
            changed = (STATIC / name).stat().st_mtime_ns
            if known is None or known[0] != changed:
                known = self._known[name] = (changed, self._build(name))
        return f"/static/{known[1]}"

    def _build(self, name: str) -> str:
        content = (STATIC / name).read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:12]
        source = Path(name)
        hashed = source.with_name(f"{source.stem}.{digest}{source.suffix}").as_posix()
        built = self._folder / hashed
        built.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix in _COMPRESSED:
            built.with_name(built.name + ".br").write_bytes(brotli.compress(content))
            built.with_name(built.name + ".gz").write_bytes(gzip.compress(content, mtime=0))
        built.write_bytes(content)
        self.application.add_file_to_dictionary(f"/{hashed}", str(built), root=f"{self._folder}/")
        return hashed

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """What is mounted at /static: Litestar hands the path on with a slash at its end."""
        await self.application({**scope, "path": scope["path"].rstrip("/")}, receive, send)
