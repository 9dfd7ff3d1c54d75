"""For monitoring: whether the process is alive, and whether it can do its work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.exceptions import NotFoundException

from db.unavailable import DatabaseUnavailableError
from domain import installation
from domain.doctor.public_address import OWN_ADDRESS, is_proof_of_operator
from domain.portal import Portal
from routes.client import address_of
from routes.logs import fault_line

# A monitor gives up after a few seconds.
ANSWER_SECONDS = 1.5
# However many ask, the database is written at most this often, seconds.
_FRESH = 1.0
_log = logging.getLogger("kabinet.health")


@get("/health/live", media_type=MediaType.TEXT, sync_to_thread=False)
def live() -> str:
    return "alive\n"


class Readiness:
    """Probes the database and looks for the files; one probe at a time, whose answer is reused for a second."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = files
        self._looking: asyncio.Task[str] | None = None
        self._looked_at = float("-inf")
        self._said = ""

    async def lacking(self) -> str:
        """What is missing, in a few words; empty where nothing is."""
        clock = asyncio.get_running_loop().time
        if self._looking is None or (self._looking.done() and clock() - self._looked_at > _FRESH):
            self._looking = asyncio.create_task(self._look())
        # Not cancelled with a request that stops waiting: a statement that runs in a thread cannot be stopped.
        await asyncio.wait({self._looking}, timeout=ANSWER_SECONDS)
        lacking = self._looking.result() if self._looking.done() else "the database does not answer"
        if lacking != self._said:
            self._said = lacking
            _log.log(logging.ERROR if lacking else logging.INFO, "%s", lacking or "ready again")
        return lacking

    async def _look(self) -> str:
        try:
            await installation.probe()
        except DatabaseUnavailableError as error:
            return f"the database is unavailable: {error}"
        except Exception as error:  # noqa: BLE001 - whatever it is, this process is not ready
            return f"the database cannot be used: {fault_line(error)}"
        finally:
            self._looked_at = asyncio.get_running_loop().time()
        gone = next((file for file in self.files if not file.is_file()), None)
        return f"{gone.name} is missing" if gone else ""


@get("/health/ready", media_type=MediaType.TEXT)
async def ready(request: Request[Any, Any, Any]) -> Response[str]:
    """503 without the reason, which is in the log: anyone may ask."""
    readiness: Readiness = request.app.state.readiness
    headers = {"Cache-Control": "no-store"}
    if await readiness.lacking():
        return Response("not ready\n", status_code=503, headers={**headers, "Retry-After": "10"})
    return Response("ready\n", headers=headers)


@get(OWN_ADDRESS, media_type=MediaType.JSON, sync_to_thread=False)
def client(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
    """The address that counts for who asks, for `litestar doctor` alone: it shows what the proxy hands on."""
    portal: Portal = request.app.state.portal
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not is_proof_of_operator(portal.sealing, given):
        raise NotFoundException
    address = address_of(request.scope, portal.settings)
    return Response({"address": address}, headers={"Cache-Control": "no-store"})


handlers = [live, ready, client]
