"""The count of branches (routes/dev/counting.py), kept for the files of each brand until one of them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litestar.datastructures import State

from routes.sources import Sources

if TYPE_CHECKING:
    from routes.dev.branches import Counted


def kept_count(state: State, files: Sources) -> Counted | None:
    """None before they are counted, and after a change."""
    version, counted = _counts(state).get(files, (-1, None))
    return counted if version == files.version else None


def keep_count(state: State, files: Sources, version: int, counted: Counted) -> None:
    """`version` is that of the files when the count began."""
    _counts(state)[files] = version, counted


def _counts(state: State) -> dict[Sources, tuple[int, Counted]]:
    if "counts" not in state:
        state.counts = {}
    counts: dict[Sources, tuple[int, Counted]] = state.counts
    return counts
