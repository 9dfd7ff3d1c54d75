"""Every journey with JavaScript on one database and without it on the other.

What the server answers does not depend on both, and each step is tested on both databases below tests/routes. A group
runs in one worker, so that each worker has one server and one browser at a time.
"""

from __future__ import annotations

import pytest

WITH_SCRIPT = pytest.param("sqlite", id="script-sqlite", marks=pytest.mark.xdist_group("journeys-script"))
WITHOUT_SCRIPT = pytest.param("postgres", id="no-script-postgres", marks=pytest.mark.xdist_group("journeys-no-script"))
