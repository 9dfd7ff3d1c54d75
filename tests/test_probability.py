"""The test by which tests/bench/known_and_unknown.py judges a difference."""

from __future__ import annotations

import random

import pytest

from tests.bench.known_and_unknown import probability


def test_mann_whitney_of_small_samples() -> None:
    # U = 0, its mean 4.5, its variance 5.25; and with ties by hand.
    assert probability([1, 2, 3], [4, 5, 6]) == pytest.approx(0.0495, abs=1e-4)
    assert probability([1, 1, 2], [1, 2, 2]) == pytest.approx(0.4561, abs=1e-4)
    assert probability([1, 1], [1, 1]) == 1.0


def test_a_difference_is_seen_and_no_difference_is_not() -> None:
    source = random.Random(1)
    first, same, other = ([source.gauss(mean, 1) for _ in range(400)] for mean in (10, 10, 10.4))
    assert probability(first, other) < 1e-4
    assert probability(first, same) > 0.01
