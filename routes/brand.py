"""What templates/brand.toml says of the company, for pages and messages: `brand.phone` in a template."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from routes.sources import TEMPLATES

_FILE = TEMPLATES / "brand.toml"


def brand() -> Mapping[str, str]:
    """Read again when the file has changed. No line breaks within the number."""
    return _read_as_of(_FILE, _FILE.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read_as_of(path: Path, _modified: int) -> Mapping[str, str]:
    with path.open("rb") as file:
        known = tomllib.load(file)
    return {name: str(value).replace(" ", "\u00a0") for name, value in known.items()}
