"""What is measured of the database's connections."""

from __future__ import annotations

from prometheus_client import Gauge, Histogram

# How long a transaction waits for its connection: the one writer of SQLite, a place in PostgreSQL's pool.
CONNECTION_WAIT = Histogram(
    "kabinet_database_wait_seconds",
    "How long a transaction waited for its connection.",
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 30),
)
CONNECTIONS = Gauge("kabinet_database_connections", "Connections of this process to PostgreSQL.", ["state"])
