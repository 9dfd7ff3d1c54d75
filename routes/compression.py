"""How an answer is compressed: as far as it is worth the time of a page that nobody else gets.

Measured on a page of 3 kB: brotli at 2 takes 45 µs and leaves 1.6 kB; at Litestar's 5 with its window of 4 MB it takes
120 µs (750 µs where memory is fresh) and leaves 1.3 kB. Both fit two packets, and neither fits one with the headers.
"""

from __future__ import annotations

import zlib

import brotli

BROTLI, GZIP = "br", "gzip"
# With its headers this fits the first packet anyway, bytes.
LEAST = 600
# A window no larger than the largest of our pages: the memory of each compressor is cleared first.
_QUALITY, _WINDOW = 2, 16
_GZIP_LEVEL, _GZIP_FORMAT = 4, 31
# What is made once for everybody may take as long as it likes.
_BEST = 11
_TEXT = (b"text/", b"application/json", b"application/javascript", b"image/svg")


def is_text(media_type: bytes) -> bool:
    return media_type.startswith(_TEXT)


def offered(accepted: str) -> str:
    """The encoding that suits an `Accept-Encoding` (RFC 9110, 12.5.3); empty for none."""
    if not accepted:
        return ""
    weights = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        weights[name.strip()] = weight.replace(" ", "").rstrip("0.") != "q="
    return next((encoding for encoding in (BROTLI, GZIP) if weights.get(encoding)), "")


def compressed(body: bytes, encoding: str, *, for_everybody: bool = False) -> bytes:
    if encoding == BROTLI:
        if for_everybody:
            return bytes(brotli.compress(body, quality=_BEST))
        return bytes(brotli.compress(body, quality=_QUALITY, lgwin=_WINDOW))
    level = zlib.Z_BEST_COMPRESSION if for_everybody else _GZIP_LEVEL
    packer = zlib.compressobj(level, wbits=_GZIP_FORMAT)
    return packer.compress(body) + packer.flush()
