"""Each recipe of docs/architecture.md, "Adding things", tried in a copy of the project: it works, and nothing is spare.

With any one of its places left out a check of tests/completeness.py, which `make check` runs, says what is missing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.adding.recipes import RECIPES, missed_of

ROOT = Path(__file__).parents[1]
COPIED = ("app.py", "settings.py", "README.md", "routes", "templates", "domain", "db", "static", "tests")
pytestmark = pytest.mark.xdist_group("adding")
EVERY_PLACE = [(name, *missed) for name, recipe in RECIPES.items() for missed in missed_of(recipe).items()]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[str]]]:
    """By recipe and by the place left out, what the checks said; under an empty name, of the whole addition."""
    copy = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "axe", "bench"))
        else:
            shutil.copy(ROOT / name, copy / name)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("KABINET_", "PYTEST_"))}
    tried = subprocess.run(
        [sys.executable, "-B", "-m", "tests.adding"],
        cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert tried.returncode == 0, tried.stderr
    found: dict[str, dict[str, list[str]]] = json.loads(tried.stdout)
    return found


@pytest.mark.parametrize("recipe", RECIPES)
def test_an_addition_by_the_recipe_works(said: dict[str, Any], recipe: str) -> None:
    assert said[recipe][""] == []


@pytest.mark.parametrize(("recipe", "place", "missed"), EVERY_PLACE, ids=lambda value: value.replace(" ", "-"))
def test_a_place_left_out_is_named(said: dict[str, Any], recipe: str, place: str, missed: str) -> None:
    assert any(missed in line for line in said[recipe][place]), said[recipe][place]


def test_the_document_has_these_recipes_with_as_many_places() -> None:
    document = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| (an? [\w ]+) \| (\d+):", document.partition("## Adding things")[2], re.MULTILINE))
    assert table == {recipe: str(len(parts.places)) for recipe, parts in RECIPES.items()}
