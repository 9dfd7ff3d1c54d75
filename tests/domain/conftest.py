"""A registry that tests bring rows to."""

from __future__ import annotations

from datetime import datetime

import pytest

from db.engine import Engine
from domain.portal import Portal
from tests.domain.registry.company import Registry


@pytest.fixture
async def registry(engine: Engine, portal: Portal, now: datetime) -> Registry:
    """With the accounts 1, 2 and 3."""
    registry = Registry(engine, portal, now)
    await registry.bring("accounts", ("1", "ул. Тихая, 1"), ("2", "ул. Тихая, 2"), ("3", "ул. Тихая, 3"))
    return registry
