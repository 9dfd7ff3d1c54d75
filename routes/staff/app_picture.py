"""What an authenticator app is set up by: a QR code as one path of an SVG, and the secret to type."""

from __future__ import annotations

from dataclasses import dataclass

import segno

from domain.staff import app_codes

# The quiet zone around a code (ISO/IEC 18004, 6.3.8), modules.
_QUIET = 4


@dataclass(frozen=True)
class AppPicture:
    """`path` draws the dark modules in a square of `size`; `secret` stands in groups of four."""

    size: int
    path: str
    secret: str


def of(secret: str, email: str, company: str) -> AppPicture:
    drawn = segno.make(app_codes.address_of(secret, email, company), error="m", micro=False)
    rows = [bytes(row) for row in drawn.matrix]
    runs = [
        f"M{start + _QUIET} {y + _QUIET}h{length}v1h-{length}z"
        for y, row in enumerate(rows)
        for start, length in _runs(row)
    ]
    groups = " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
    return AppPicture(len(rows) + 2 * _QUIET, "".join(runs), groups)


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Beginning and length of each run of dark modules."""
    found, place = [], 0
    while (start := row.find(1, place)) >= 0:
        place = row.find(0, start)
        place = place if place >= 0 else len(row)
        found.append((start, place - start))
    return found
