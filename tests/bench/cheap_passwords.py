"""Argon2 made cheap, for figures that are about everything else. `--app tests.bench.cheap_app:create_app` uses it."""

from __future__ import annotations

from argon2 import PasswordHasher

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
# What domain/passwords.py hashes with; tests/test_bench.py holds them alike.
DEAR = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
PASSWORD = "сиреневый туман 42"
