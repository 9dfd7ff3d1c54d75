"""An authenticator without hardware: makes passkeys and answers challenges as WebAuthn says, or not quite."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import encode_cbor

ORIGIN = "https://kabinet.example.org"
_PRESENT, _HAS_KEY = 0x01, 0x40


def encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(value: str) -> bytes:
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))


@dataclass
class Authenticator:
    """`origin` is what the browser says of the page that asks; `counts` is how often the key was used."""

    origin: str = ORIGIN
    host: str = "kabinet.example.org"
    counts: int = 0
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def __post_init__(self) -> None:
        self._key = generate_private_key(SECP256R1())

    def create(self, options: Any) -> str:
        """The answer to navigator.credentials.create()."""
        numbers = self._key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        public = encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        made = bytes(16) + struct.pack(">H", len(self.id)) + self.id + public
        statement = {"fmt": "none", "attStmt": {}, "authData": self._data(_PRESENT | _HAS_KEY) + made}
        response = {"attestationObject": encoded(encode_cbor(statement))}
        return self._answer("webauthn.create", options, response)

    def get(self, options: Any) -> str:
        """The answer to navigator.credentials.get()."""
        self.counts += 1
        data, client_data = self._data(_PRESENT), self._client_data("webauthn.get", options)
        signature = self._key.sign(data + hashlib.sha256(client_data).digest(), ECDSA(SHA256()))
        response = {"authenticatorData": encoded(data), "signature": encoded(signature)}
        return self._answer("webauthn.get", options, response)

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + struct.pack(">I", self.counts)

    def _client_data(self, kind: str, options: Any) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, kind: str, options: Any, response: dict[str, str]) -> str:
        response |= {"clientDataJSON": encoded(self._client_data(kind, options))}
        name = encoded(self.id)
        return json.dumps(
            {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}
        )
