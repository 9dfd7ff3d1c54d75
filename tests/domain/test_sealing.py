from __future__ import annotations

import pytest

from domain.sealing import Sealing

SEALING = Sealing("a secret of the tests, long enough to be one")
ANOTHER = Sealing("another secret of the tests, long enough too")


def test_what_was_sealed_is_unsealed() -> None:
    value = {"to": "+79123456789", "values": ["ё", None, 1]}
    assert SEALING.unseal(SEALING.seal(value)) == value


def test_sealed_text_tells_nothing_and_is_never_the_same() -> None:
    sealed = SEALING.seal("+79123456789")
    assert "9123456789" not in sealed
    assert sealed != SEALING.seal("+79123456789")


def test_another_secret_and_altered_text_are_refused() -> None:
    sealed = SEALING.seal("x")
    altered = sealed[:-5] + ("A" if sealed[-5] != "A" else "B") + sealed[-4:]
    for sealing, text in ((ANOTHER, sealed), (SEALING, altered), (SEALING, ""), (SEALING, "nonsense")):
        with pytest.raises(ValueError, match="Sealed with another"):
            sealing.unseal(text)


def test_equal_values_of_two_kinds_and_two_secrets_differ() -> None:
    hashes = {sealing.keyed_hash(kind, "x") for sealing in (SEALING, ANOTHER) for kind in ("phone", "email")}
    assert len(hashes) == 4
    assert all(len(keyed) == 64 for keyed in hashes)
