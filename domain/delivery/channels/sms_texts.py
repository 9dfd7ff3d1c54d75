"""A text as one SMS or, if too long, as several with a header that joins them (3GPP TS 23.040, 9.2.3.24.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.delivery.channels.gsm7 import fits_gsm7, gsm7_signs

GSM7, UCS2 = 0, 8
# In octets as SMPP carries them: a septet of GSM 7 bit is one, a UCS-2 sign two. Alone, and beside the header.
_LONGEST = {GSM7: (160, 153), UCS2: (140, 134)}


@dataclass(frozen=True)
class Encoded:
    """`coding` is the data coding scheme: 0 for GSM 7 bit, 8 for UCS-2."""

    coding: int
    signs: Sequence[bytes] = field(repr=False)

    @property
    def is_long(self) -> bool:
        return len(self.whole) > _LONGEST[self.coding][0]

    @property
    def whole(self) -> bytes:
        return b"".join(self.signs)

    def parts(self, reference: int) -> list[bytes]:
        """`reference` (0 to 255) is that of the header."""
        beside_header = _LONGEST[self.coding][1]
        if not self.is_long:
            return [self.whole]
        parts = [b""]
        for sign in self.signs:
            if len(parts[-1]) + len(sign) > beside_header:
                parts.append(b"")
            parts[-1] += sign
        return [bytes((5, 0, 3, reference, len(parts), number)) + part for number, part in enumerate(parts, 1)]


def encoded(text: str) -> Encoded:
    if fits_gsm7(text):
        return Encoded(GSM7, gsm7_signs(text))
    # A sign beyond the first plane is two, which stay together.
    return Encoded(UCS2, [sign.encode("utf-16-be", "replace") for sign in text])
