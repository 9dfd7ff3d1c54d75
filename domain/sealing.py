"""Keyed hashes, to find a value by; and encryption, for values that must be read again.

All keys are derived from `KABINET_SECRET` (HKDF-SHA-256, RFC 5869), one for each use. Losing the secret loses every
sealed value; docs/security.md says what it means.

A sealed text is base64url of the version, two bytes that name the key, a nonce, and what AES-256-GCM makes of the
value; the first three bytes are its associated data. Random nonces of 96 bits are good for 2^32 texts under one key
(NIST SP 800-38D, 8.3), which is 2,000 imports of a million customers. The name of the
key tells texts of two secrets apart, for a secret that is replaced by then. Texts of earlier versions, sealed with
Fernet, can be read.
"""

from __future__ import annotations

import base64
import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x02"
_KEY_NAME = 2
_NONCE = 12
# Texts are padded to a multiple of so many bytes, to hide their exact length.
_STEP = 16
# The version with which Fernet's tokens begin.
_FERNET = b"\x80"
_json = json.JSONEncoder(ensure_ascii=False).encode


class Sealing:
    """Made once from the secret and passed to what needs it."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        # Copied for each hash: making it from the key takes three times as long.
        self._hmac = HMAC(_derived(secret, b"kabinet keyed hash"), SHA256())
        self._header = _VERSION + _derived(secret, b"kabinet sealing key name")[:_KEY_NAME]
        self._aes = AESGCM(_derived(secret, b"kabinet sealing AES-256-GCM"))
        self._fernet = Fernet(base64.urlsafe_b64encode(_derived(secret, b"kabinet sealing")))

    def __reduce__(self) -> tuple[type[Sealing], tuple[str]]:
        """For a process of an import, which makes its own from the secret."""
        return Sealing, (self._secret,)

    def keyed_hash(self, kind: str, value: str) -> str:
        """HMAC-SHA-256 of `value` as 64 hex digits; `kind` keeps equal values of two kinds apart."""
        keyed = self._hmac.copy()
        keyed.update(f"{kind}\0{value}".encode())
        return keyed.finalize().hex()

    def seal(self, value: Any) -> str:
        """Encrypt anything JSON can say."""
        text = _json(value).encode()
        # Padding: JSON may end in spaces.
        text = text.ljust(len(text) + -len(text) % _STEP)
        nonce = os.urandom(_NONCE)
        encrypted = self._aes.encrypt(nonce, text, self._header)
        return base64.urlsafe_b64encode(self._header + nonce + encrypted).decode("ascii")

    def unseal(self, sealed: str) -> Any:
        """What `seal` was given. Raises ValueError when it was sealed with another secret, or was not sealed at all."""
        try:
            return json.loads(self._decrypted(sealed))
        except (InvalidTag, InvalidToken, ValueError):
            raise ValueError("Sealed with another KABINET_SECRET") from None

    def _decrypted(self, sealed: str) -> bytes:
        token = base64.urlsafe_b64decode(sealed)
        # Several texts decode to the same bytes in base64; only the one that was made is accepted.
        if base64.urlsafe_b64encode(token).decode("ascii") != sealed:
            raise InvalidTag
        if token.startswith(_FERNET):
            return self._fernet.decrypt(sealed)
        if not token.startswith(self._header):
            raise InvalidTag
        start = len(self._header)
        return self._aes.decrypt(token[start : start + _NONCE], token[start + _NONCE :], self._header)


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
