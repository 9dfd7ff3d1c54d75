"""DKIM (RFC 6376): e-mails signed with the company's key, where the relay does not sign them itself."""

from __future__ import annotations

import stat
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from settings import Settings, SettingsError, written_host

# RFC 8301, 3.2: a shorter key is no proof to anybody.
_SHORTEST_KEY = 1024
# Signed once more than they are there: another one that is added on the way breaks the signature (RFC 6376, 8.15).
_NOT_TO_BE_ADDED = (b"from", b"to", b"subject")


class Signer:
    """`key` is the private one of the public key at `selector`._domainkey.`domain`."""

    def __init__(self, domain: str, selector: str, key: RSAPrivateKey) -> None:
        self.domain, self.selector = domain, selector
        self.public_key = key.public_key()
        self._pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())

    def signed(self, email: bytes) -> bytes:
        """All its headers are signed, and the text as it reads: relays may change white space."""
        # Not where nothing is signed: it takes as long to load as much of the portal.
        import dkim

        written = dkim.DKIM(email)
        headers = [name.lower() for name, _ in written.headers]
        signature: bytes = written.sign(
            self.selector.encode(),
            self.domain.encode(),
            self._pem,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[*headers, *_NOT_TO_BE_ADDED],
        )
        return signature + email


def signer_of(settings: Settings) -> Signer | None:
    """None where nothing is to be signed. Raises `SettingsError`."""
    if settings.dkim_key is None:
        return None
    domain = written_host(SplitResult("", settings.dkim_domain, "", "", ""))
    author = written_host(SplitResult("", parseaddr(settings.mail_from)[1].rpartition("@")[2], "", "", ""))
    # Receivers ask for that before they believe a signature (RFC 7489, 3.1.1).
    if not f".{author}".endswith(f".{domain}"):
        raise SettingsError(f"KABINET_DKIM_DOMAIN: {author} of KABINET_MAIL_FROM is neither it nor below it")
    try:
        return Signer(domain, settings.dkim_selector, _key(settings.dkim_key))
    except ValueError as error:
        raise SettingsError(f"KABINET_DKIM_KEY: {error}") from None


def _key(file: Path) -> RSAPrivateKey:
    """Raises ValueError with what is wrong."""
    try:
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode):
            raise ValueError(f"{file} is not a regular file")
        if mode & stat.S_IRWXO:
            raise ValueError(f"every user of this machine may read {file}; chmod 600 it")
        content = file.read_bytes()
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None
    try:
        key = load_pem_private_key(content, password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise ValueError(f"{file} is no private key in PEM, without a password") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _SHORTEST_KEY:
        raise ValueError(f"{file} is no RSA key of {_SHORTEST_KEY} bits or more: openssl genrsa -out FILE 2048")
    return key
