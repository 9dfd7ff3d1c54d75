"""Codes as people type or paste them: from an SMS, or from a picture."""

from __future__ import annotations

import unicodedata

# Longer than any code; the rest of a longer text cannot make it right.
_LONGEST = 20


def read_code(text: str) -> str:
    """Letters and digits alone: without spaces and dashes, and full-width digits as plain ones."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())[:_LONGEST]
