"""Keyed hashes, to find a value by; and encryption, for values that must be read again.

All keys are derived from `KABINET_SECRET` (HKDF-SHA-256, RFC 5869), one for each use. Losing the secret loses every
sealed value; docs/security.md says what it means.

A sealed text is base64url of the version, two bytes that name the key, a nonce, and what AES-256-GCM makes of the
value; the first three bytes are its associated data. Random nonces of 96 bits are good for 2^32 texts under one key
(NIST SP 800-38D, 8.3), which is 2,000 imports of a million customers. Texts of earlier versions, sealed with
Fernet, can be read.

While the secret is being replaced there are two: everything is made with the first, and what was made with the former
one is still read. The name of the key tells their texts apart; a hash is looked for under both (`keyed_hashes`).
domain/secret_rotation.py brings the database from one to the other.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
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


class _Keys:
    """All that is derived from one secret."""

    def __init__(self, secret: str) -> None:
        # Copied for each hash: making it from the key takes three times as long.
        self._hmac = HMAC(_derived(secret, b"kabinet keyed hash"), SHA256())
        self.header = _VERSION + _derived(secret, b"kabinet sealing key name")[:_KEY_NAME]
        self.aes = AESGCM(_derived(secret, b"kabinet sealing AES-256-GCM"))
        self.fernet = Fernet(base64.urlsafe_b64encode(_derived(secret, b"kabinet sealing")))

    def hash(self, kind: str, value: str) -> str:
        keyed = self._hmac.copy()
        keyed.update(f"{kind}\0{value}".encode())
        return keyed.finalize().hex()

    def open(self, token: bytes, sealed: str) -> bytes:
        if token.startswith(_FERNET):
            return self.fernet.decrypt(sealed)
        if not token.startswith(self.header):
            raise InvalidTag
        start = len(self.header)
        return self.aes.decrypt(token[start : start + _NONCE], token[start + _NONCE :], self.header)


class Sealing:
    """Made once from the secret, and from the former one where that is still read, and passed to what needs it."""

    def __init__(self, secret: str, former: str = "") -> None:
        self._secrets = (secret, former)
        self._keys = _Keys(secret)
        self._all = (self._keys, *([_Keys(former)] if former else []))

    def __reduce__(self) -> tuple[type[Sealing], tuple[str, str]]:
        """For a process of an import, which makes its own from the secrets."""
        return Sealing, self._secrets

    @property
    def has_former(self) -> bool:
        return len(self._all) > 1

    @property
    def names_collide(self) -> bool:
        """Of two secrets in 65,536 the names of their keys are the same."""
        return len({keys.header for keys in self._all}) < len(self._all)

    def keyed_hash(self, kind: str, value: str) -> str:
        """HMAC-SHA-256 of `value` as 64 hex digits, to be kept; `kind` keeps equal values of two kinds apart."""
        return self._keys.hash(kind, value)

    def keyed_hashes(self, kind: str, value: str) -> tuple[str, ...]:
        """What `keyed_hash` gives and, while there is a former secret, what it gave with that: to look for a value."""
        return tuple(keys.hash(kind, value) for keys in self._all)

    def has_hash(self, kept: str, kind: str, value: str) -> bool:
        """Whether `kept` is a hash of `value`."""
        return any(hmac.compare_digest(kept.encode(), own.encode()) for own in self.keyed_hashes(kind, value))

    def seal(self, value: Any) -> str:
        """Encrypt anything JSON can say."""
        text = _json(value).encode()
        # Padding: JSON may end in spaces.
        text = text.ljust(len(text) + -len(text) % _STEP)
        nonce = os.urandom(_NONCE)
        encrypted = self._keys.aes.encrypt(nonce, text, self._keys.header)
        return base64.urlsafe_b64encode(self._keys.header + nonce + encrypted).decode("ascii")

    def unseal(self, sealed: str) -> Any:
        """What `seal` was given. Raises ValueError when it was sealed with another secret, or was not sealed at all."""
        try:
            return json.loads(self._decrypted(sealed))
        except (InvalidTag, InvalidToken, ValueError):
            raise ValueError("Sealed with another KABINET_SECRET") from None

    def is_of_today(self, sealed: str) -> bool:
        """Whether it was sealed with the present secret, and as it is done today."""
        return sealed.startswith(base64.urlsafe_b64encode(self._keys.header).decode("ascii"))

    def _decrypted(self, sealed: str) -> bytes:
        token = base64.urlsafe_b64decode(sealed)
        # Several texts decode to the same bytes in base64; only the one that was made is accepted.
        if base64.urlsafe_b64encode(token).decode("ascii") != sealed:
            raise InvalidTag
        for keys in self._all:
            with contextlib.suppress(InvalidTag, InvalidToken):
                return keys.open(token, sealed)
        raise InvalidTag


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
