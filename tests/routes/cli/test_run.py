"""`litestar run` as operators start it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx

from tests.journeys.server import await_ready, environment_of, free_port


def test_forwarded_addresses_of_strangers_are_not_believed(tmp_path: Path) -> None:
    database, port = tmp_path / "kabinet.sqlite", free_port()
    environment = environment_of(f"sqlite:{database}", f"http://127.0.0.1:{port}")
    environment.pop("FORWARDED_ALLOW_IPS", None)
    command = [sys.executable, "-m", "litestar", "--app", "app:create_app", "run", "--port", str(port)]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        await_ready(process, f"http://127.0.0.1:{port}", tmp_path / "log")
        headers = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": "6.6.6.6"}
        wrong = {"login": "nobody", "password": "not this one"}
        answer = httpx.post(f"http://127.0.0.1:{port}/sign-in/login", data=wrong, headers=headers)
        assert answer.status_code == 422
        connection = sqlite3.connect(database)
        assert connection.execute("SELECT ip FROM journal").fetchall() == [("127.0.0.1",)]
        connection.close()
    finally:
        process.terminate()
        process.wait(timeout=30)
