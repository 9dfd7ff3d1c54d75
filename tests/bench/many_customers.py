"""CPU of a sign-in at a million customers against a thousand: two portals on two SQLite files, by turns."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.bench import journeys, seed, servers
from tests.bench.cheap_passwords import CHEAP, PASSWORD
from tests.bench.figures import Figure, Scale, by_turns, compared, progress
from tests.bench.journey_costs import Costs


def measure(scale: Scale) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name:
        folder = Path(name)
        databases = []
        for number in (scale.customers, seed.SIGNING_IN):
            progress(f"filling a database with {number:,} customers")
            databases.append(f"sqlite:{folder / f'{number}.sqlite'}")
            seed.fill(databases[-1], number, CHEAP.hash(PASSWORD))
        with (
            servers.portal(databases[0], folder, app=servers.CHEAP_APP, mode=scale.mode) as many,
            servers.portal(databases[1], folder, app=servers.CHEAP_APP, mode=scale.mode) as few,
        ):
            of_many, of_few = (Costs(one, journeys.sign_in_at_portal, scale.seconds) for one in (many, few))
            rounds = asyncio.run(by_turns(scale.rounds, of_many, of_few))
        title = f"CPU of a sign-in at {scale.customers:,} customers"
        return [compared("customers", title, "ms", f"{seed.SIGNING_IN:,}", rounds, "≤ 1.05")]
