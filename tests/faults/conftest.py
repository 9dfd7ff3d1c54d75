"""The portal as a process of its own, its registry filled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.engine import Engine
from settings import Settings
from tests.conftest import fill_registry
from tests.faults.portal_process import PortalProcess, running_portal


@pytest.fixture
async def process(engine: Engine, settings: Settings, tmp_path: Path) -> AsyncIterator[PortalProcess]:
    await fill_registry(settings, datetime.now(UTC))
    async with running_portal(settings.database, tmp_path) as portal:
        yield portal
