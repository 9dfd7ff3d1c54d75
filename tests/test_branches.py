"""Every `{% if %}` of every template is taken both ways by some state of the gallery, or it is said why not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from routes.dev.branches import NEVER, Counted, count_branches
from routes.sources import sources

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def counted() -> Counted:
    return count_branches(ZoneInfo("Europe/Moscow"), sources(watch=False))


def test_every_branch_is_taken_both_ways_by_some_state(counted: Counted) -> None:
    missing = counted.whole.missing
    assert len(counted.conditions) > 100
    assert not missing, "\n".join(map(str, missing))


def test_no_reason_is_left_for_a_branch_that_is_shown(counted: Counted) -> None:
    assert {(one.template, one.text) for one in counted.whole.explained} == set(NEVER)


def test_what_counts_is_not_loaded_where_customers_are_served() -> None:
    asked = (
        "import sys, types, app; from routes.dev import development_handlers;"
        " assert development_handlers(types.SimpleNamespace(production=True)) == [];"
        " assert not {'routes.dev.branches', 'routes.dev.counting'} & set(sys.modules)"
    )
    assert not subprocess.run([sys.executable, "-c", asked], cwd=ROOT, check=False).returncode
