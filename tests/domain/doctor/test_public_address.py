"""What a proxy before the portal hands on, and what it hides."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.doctor.public_address import OWN_ADDRESS, _Answers, _judged, look_at_public_address, proof_of_operator
from domain.sealing import Sealing
from settings import Settings
from tests.browser import Browser
from tests.conftest import NOW, SECRET
from tests.faults.portal_process import running_portal

BEHIND = {"public_url": "https://kabinet.example.org", "trusted_proxies": "10.0.0.9"}


@pytest.mark.parametrize(
    ("answers", "changed"),
    [
        (_Answers(200, "198.51.100.4", 60), {}),
        (_Answers(200, "198.51.100.4", 5), {"certificate": "yellow"}),
        (_Answers(400, "198.51.100.4", 60), {"host": "red"}),
        (_Answers(502, "", 60), {"address": "red", "client": "unknown"}),
        (_Answers(200, "192.0.2.77", 60), {"client": "red"}),
        (_Answers(200, "10.0.0.9", 60), {"client": "red"}),
        (_Answers(200, "127.0.0.1", 60), {"client": "yellow"}),
    ],
)
def test_each_answer_is_judged(answers: _Answers, changed: dict[str, str]) -> None:
    settings = Settings(_env_file=None, **BEHIND)  # type: ignore[call-arg, arg-type]
    found = {one.about: one.level for one in _judged(answers, settings)}
    sound = {"certificate": "green", "address": "green", "client": "green"}
    if "host" in changed:
        del sound["address"]
    assert found == {**sound, **changed}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_portal_tells_its_operator_alone_which_address_it_sees(client: Browser) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer ü".encode("latin-1")}):
        assert (await client.get(OWN_ADDRESS, headers=headers)).status_code == 404
    proof = {"Authorization": f"Bearer {proof_of_operator(Sealing(SECRET))}"}
    answer = await client.get(OWN_ADDRESS, headers=proof)
    assert answer.json() == {"address": "203.0.113.7"}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_running_portal_is_reached(database: str, tmp_path: Path) -> None:
    async with running_portal(database, tmp_path) as portal:
        settings = Settings(_env_file=None, database=database, secret=SECRET, public_url=portal.base)  # type: ignore[call-arg]
        found = {one.about: (one.level, one.found) for one in await look_at_public_address(settings, NOW)}
    assert found == {"address": ("green", f"{portal.base} answers 200"), "client": ("green", "counts as 127.0.0.1")}
    away = {one.about: one.level for one in await look_at_public_address(settings, NOW)}
    assert away == {"address": "unknown"}
