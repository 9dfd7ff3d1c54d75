"""The rules of a password, and its Argon2id hash, computed off the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerifyMismatchError

T = TypeVar("T")

# A common password typed with the other keyboard layout is as common.
_RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбю"
_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
_TO_LATIN = str.maketrans(_RUSSIAN, _LATIN)
_SEQUENCES = (
    "01234567890",
    "09876543210",
    _LATIN,
    "abcdefghijklmnopqrstuvwxyz",
    "абвгдежзийклмнопрстуфхцчшщъыьэюя",
)
_WIDTH = {"upper": str.isupper, "lower": str.islower, "digit": str.isdigit}


def broken_rules(
    password: str, *, shortest: int, longest: int, needs: Sequence[str], about: Sequence[str]
) -> list[str]:
    """Which of `password_rules(needs)` the password breaks, in that order.

    `about` is what others know of the customer: phone digits, names, e-mail. Lengths are in characters.
    """
    broken = []
    for rule in password_rules(needs):
        match rule:
            case "length":
                met = shortest <= len(password) <= longest
            case "common":
                met = bool(password) and not _is_common(password)
            case "personal":
                met = bool(password) and not _is_about(password, about)
            case "symbol":
                met = any(not c.isalnum() and not c.isspace() for c in password)
            case _:
                met = any(_WIDTH[rule](c) for c in password)
        if not met:
            broken.append(rule)
    return broken


def password_rules(needs: Sequence[str]) -> list[str]:
    """The names of the rules in the order they are shown; `needs` are those that the operator has added."""
    return ["length", *needs, "common", "personal"]


@functools.cache
def _common_passwords() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def _is_common(password: str) -> bool:
    folded = unicodedata.normalize("NFKC", password).casefold()
    latin = folded.translate(_TO_LATIN)
    if folded in _common_passwords() or latin in _common_passwords():
        return True
    # One short piece repeated: "1111111111", "абвабвабв".
    if any(folded == (folded[:n] * len(folded))[: len(folded)] for n in range(1, min(4, len(folded)) + 1)):
        return True
    return any(run in sequence for sequence in _SEQUENCES for run in (folded, latin, folded[::-1]))


def _is_about(password: str, about: Sequence[str]) -> bool:
    """Whether it contains the phone, a name or the e-mail of the customer, of at least four characters each."""
    folded = unicodedata.normalize("NFKC", password).casefold()
    digits = "".join(c for c in folded if c.isdigit())
    known = [unicodedata.normalize("NFKC", piece).casefold().strip() for piece in about]
    # The last ten digits of a phone, with any separators; of an e-mail also the local part alone.
    if any(piece.startswith("+") and piece[-10:] in digits for piece in known):
        return True
    pieces = [part for piece in known if not piece.startswith("+") for part in (piece, piece.split("@")[0])]
    return any(len(piece) >= 4 and piece in folded for piece in pieces)


class OverloadedError(Exception):
    """The queue for Argon2 is full; a few seconds later there is room again."""


_ARGON = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


@functools.cache
def _hash_of_nobody() -> str:
    """The hash to verify against for a customer who does not exist or has no password."""
    return _ARGON.hash("nobody has this password")


class Hasher:
    """Argon2id, 19 MiB, t=2, p=1 (OWASP Password Storage Cheat Sheet), on as many threads as there are cores.

    At most `longest_queue` passwords are hashed or wait, at most a quarter of them from one network (`source`), so
    that a flood of guesses from one place leaves room for others. Beyond that `OverloadedError` is raised.
    """

    def __init__(self, longest_queue: int = 32) -> None:
        _hash_of_nobody()  # cached at start, else the first unknown customer would wait longer than others
        # The size of the pool limits what runs at once; the event loop stays free for pages.
        self._threads = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="argon2")
        self._longest_queue, self._queue = longest_queue, Counter[str]()

    def under_way(self) -> int:
        """How many passwords are hashed or wait for it."""
        return self._queue.total()

    async def hash(self, password: str) -> str:
        with self._place(""):
            return await self._in_turn(_ARGON.hash, _canonical(password))

    async def verify(self, password_hash: str | None, password: str, *, source: str = "") -> bool:
        """Whether it matches. Without a hash the same work is done, so the time does not tell that there is none."""
        known = password_hash is not None
        with self._place(source):
            matches = await self._in_turn(self._matches, password_hash or _hash_of_nobody(), _canonical(password))
        return known and matches

    @contextlib.contextmanager
    def _place(self, source: str) -> Iterator[None]:
        if self._queue.total() >= self._longest_queue or (source and self._queue[source] >= self._longest_queue // 4):
            raise OverloadedError
        self._queue[source] += 1
        try:
            yield
        finally:
            self._queue[source] -= 1
            if not self._queue[source]:
                del self._queue[source]

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return _ARGON.verify(password_hash, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    async def _in_turn(self, work: Callable[..., T], *arguments: str) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


def _canonical(password: str) -> str:
    # Keyboards send й as one character or as two: NFC, as RFC 8265 asks.
    return unicodedata.normalize("NFC", password)
