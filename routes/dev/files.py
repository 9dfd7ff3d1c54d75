"""Styles and scripts for designers: they lie beside this file, and customers never load them."""

from __future__ import annotations

from pathlib import Path

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

_FOLDER = Path(__file__).parent
_AXE = _FOLDER.parents[1] / "tests" / "axe" / "axe-4.14.1.min.js"
_KINDS = {".css": "text/css", ".js": "text/javascript"}


def file_handler(address: str, name: str) -> HTTPRouteHandler:
    """A file that lies here."""
    return _file(address, _FOLDER / name)


def _file(address: str, path: Path) -> HTTPRouteHandler:
    @get(address, name=f"dev.file.{path.name}", sync_to_thread=False)
    def show_file() -> Response[bytes]:
        if not path.is_file():
            raise NotFoundException
        kind = f"{_KINDS[path.suffix]}; charset=utf-8"
        return Response(path.read_bytes(), media_type=kind, headers={"Cache-Control": "no-store"})

    return show_file


handlers = [
    file_handler("/dev/slip.css", "slip.css"),
    file_handler("/dev/gallery/workbench.css", "workbench.css"),
    file_handler("/dev/gallery/workbench.js", "workbench.js"),
    file_handler("/dev/gallery/frozen.js", "frozen.js"),
    _file("/dev/gallery/axe.js", _AXE),
]
