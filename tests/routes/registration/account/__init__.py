"""The tests of the steps of a registration by account.

That of a step says, for all other tests, what is typed there correctly (`TYPED`, form fields and their texts) and what
the progress of the journey holds of it afterwards (`BROUGHT`).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def step_test(slug: str) -> Any:
    return import_module(f"{__name__}.test_{slug}")
