"""No column that comes from `KABINET_SECRET` is forgotten when that is replaced (tests/domain/test_secret_rotation)."""

from __future__ import annotations

import re

from db.secret_columns import HASHED, IMPORTED, KEPT, PASSING, SEALED, UNKEYED
from db.tables import TABLES

LISTED = [*SEALED, *((hashed.table, hashed.column) for hashed in HASHED), *IMPORTED, *PASSING, *KEPT, *UNKEYED]
COLUMNS = {(table._meta.tablename, column._meta.name) for table in TABLES for column in table._meta.columns}


def test_every_column_that_is_named_like_one_is_listed_once() -> None:
    named = {place for place in COLUMNS if re.search(r"(^|_)(sealed|hash|hash_before|sum_key)$", place[1])}
    assert named <= set(LISTED) <= COLUMNS
    assert len(LISTED) == len(set(LISTED))
    assert {place for place in named if place[1].endswith("sealed")} - set(KEPT) == set(SEALED)
