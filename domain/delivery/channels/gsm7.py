"""The GSM 7 bit alphabet (3GPP TS 23.038, 6.2.1): which texts it can write, and how. Any other text goes in UCS-2."""

from __future__ import annotations

_ESCAPE = "\x1b"
# By their codes.
_DEFAULT = (
    f"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ{_ESCAPE}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
_CODES = {sign: bytes([code]) for code, sign in enumerate(_DEFAULT) if sign != _ESCAPE} | {
    sign: bytes([_DEFAULT.index(_ESCAPE), code]) for sign, code in _EXTENSION.items()
}
_SIGNS = frozenset(_CODES)


def fits_gsm7(text: str) -> bool:
    return set(text) <= _SIGNS


def gsm7_signs(text: str) -> list[bytes]:
    """Each sign as one septet, or two, an octet each: a message may not be cut within one."""
    return [_CODES[sign] for sign in text]
