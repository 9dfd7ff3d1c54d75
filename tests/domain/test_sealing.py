from __future__ import annotations

import base64
import hashlib
import hmac
import json
import string

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.sealing import Sealing

SECRET = "a secret of the tests, long enough to be one"
SEALING = Sealing(SECRET)
ANOTHER = Sealing("another secret of the tests, long enough too")
BASE64 = string.ascii_letters + string.digits + "-_"


def derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, purpose).derive(secret.encode())


def sealed_before(value: object, secret: str = SECRET) -> str:
    """As earlier versions sealed, whose values stand in databases."""
    key = base64.urlsafe_b64encode(derived(secret, b"kabinet sealing"))
    return Fernet(key).encrypt(json.dumps(value, ensure_ascii=False).encode()).decode()


@pytest.mark.parametrize(
    "value", [{"to": "+79123456789", "values": ["ё", None, 1]}, "", "x" * 15, "x" * 5000, None, 0, [], " in spaces  "]
)
def test_what_was_sealed_is_unsealed(value: object) -> None:
    assert SEALING.unseal(SEALING.seal(value)) == value
    assert SEALING.unseal(sealed_before(value)) == value


def test_sealed_text_tells_nothing_and_is_never_the_same() -> None:
    sealed = SEALING.seal("+79123456789")
    assert "9123456789" not in sealed
    assert b"9123456789" not in base64.urlsafe_b64decode(sealed)
    assert sealed != SEALING.seal("+79123456789")


def test_sealed_text_names_its_version_and_its_key() -> None:
    first, second, other = (base64.urlsafe_b64decode(s.seal("x")) for s in (SEALING, SEALING, ANOTHER))
    assert first[0] == other[0] == 2
    assert first[1:3] == second[1:3] != other[1:3]


def test_the_length_of_a_value_shows_in_steps_only() -> None:
    assert len({len(SEALING.seal("x" * length)) for length in range(15)}) == 1


def test_another_secret_and_text_that_was_not_sealed_are_refused() -> None:
    sealed, before = SEALING.seal("x"), sealed_before("x")
    header = base64.urlsafe_b64decode(sealed)[:3]
    made_up = base64.urlsafe_b64encode(header + bytes(60)).decode()
    for text in (
        ANOTHER.seal("x"), sealed_before("x", "another secret"), "", "=", "nonsense", "не base64", "\ud800", "gAAAA",
        "gAAAAё", made_up, f"{sealed}\n", f" {sealed}", f"{sealed}=", sealed.rstrip("=") if "=" in sealed else "A",
        sealed + sealed, before + "A", before[:-4], base64.urlsafe_b64encode(header).decode(),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="Sealed with another"):
            SEALING.unseal(text)


@pytest.mark.parametrize("value", ["x", "x" * 14, "x" * 20])
def test_every_other_text_than_the_sealed_one_is_refused(value: str) -> None:
    """Whichever sign is changed or where it is cut; also those that base64 would read as the same bytes."""
    sealed = SEALING.seal(value)
    others = {sealed[:at] for at in range(len(sealed))}
    for at, sign in enumerate(sealed):
        others |= {sealed[:at] + other + sealed[at + 1 :] for other in (*BASE64, "=", "ё", "\0") if other != sign}
    for text in others:
        with pytest.raises(ValueError, match="Sealed with another"):
            SEALING.unseal(text)


def test_a_text_under_the_name_of_another_key_is_refused() -> None:
    token = base64.urlsafe_b64decode(SEALING.seal("x"))
    for name in (b"\0\0", base64.urlsafe_b64decode(ANOTHER.seal("x"))[1:3]):
        renamed = base64.urlsafe_b64encode(token[:1] + name + token[3:]).decode()
        for sealing in (SEALING, ANOTHER):
            with pytest.raises(ValueError, match="Sealed with another"):
                sealing.unseal(renamed)


def test_keyed_hashes_stay_as_they_are_in_databases() -> None:
    expected = hmac.new(derived(SECRET, b"kabinet keyed hash"), b"phone\0+79123456789", hashlib.sha256).hexdigest()
    assert [SEALING.keyed_hash("phone", "+79123456789") for _ in range(2)] == [expected] * 2


def test_equal_values_of_two_kinds_and_two_secrets_differ() -> None:
    hashes = {sealing.keyed_hash(kind, "x") for sealing in (SEALING, ANOTHER) for kind in ("phone", "email")}
    assert len(hashes) == 4
    assert all(len(keyed) == 64 for keyed in hashes)
