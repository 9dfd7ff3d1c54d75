"""Keyed hashes to find a value by, and encryption for what must be read again.

Both keys are derived from `KABINET_SECRET` (HKDF-SHA-256, RFC 5869), one for each use. Losing the secret
loses every sealed value; docs/security.md says what it means.
"""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Sealing:
    """Made once from the secret and handed to whoever needs it."""

    def __init__(self, secret: str) -> None:
        self._hash_key = _derived(secret, b"kabinet keyed hash")
        self._fernet = Fernet(base64.urlsafe_b64encode(_derived(secret, b"kabinet sealing")))

    def keyed_hash(self, kind: str, value: str) -> str:
        """HMAC-SHA-256 of `value` as 64 hex digits; `kind` keeps equal values of two kinds apart."""
        return hmac.digest(self._hash_key, f"{kind}\0{value}".encode(), "sha256").hex()

    def seal(self, value: Any) -> str:
        """Encrypt anything JSON can say."""
        return self._fernet.encrypt(json.dumps(value, ensure_ascii=False).encode()).decode("ascii")

    def unseal(self, sealed: str) -> Any:
        """What `seal` was given. Raises ValueError when it was sealed with another secret."""
        try:
            return json.loads(self._fernet.decrypt(sealed.encode("ascii")))
        except InvalidToken:
            raise ValueError("Sealed with another KABINET_SECRET") from None


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
