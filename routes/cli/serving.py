"""`litestar run`: the portal under Granian, on one socket that all workers share."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server import Server
from litestar import Litestar

from db.engine import Engine
from routes.cli.running import loaded_settings, refuse, run_with_database
from routes.host import is_loopback
from routes.logs import logging_settings
from settings import Settings

# From a connection's first byte to the end of the headers, and between two requests of one connection; milliseconds.
_HEADERS_MS = 15_000
# How long a worker may take after SIGTERM, seconds: its requests and the message that is being sent end sooner.
_SHUTDOWN_SECONDS = 30
_BACKLOG = 1024
_PR_SET_PDEATHSIG = 1  # prctl(2)
# mallopt(3): from this size on memory is given back to the system once it is free. By itself glibc raises the limit to
# what was freed last, and each thread that hashes passwords keeps its 19 MiB.
_M_MMAP_THRESHOLD, _LARGE = -3, 2**20


class PortalServer(Server):  # type: ignore[misc, valid-type]
    """Granian on a socket that is bound here.

    Its own way on Linux is a socket for each worker (SO_REUSEPORT): a port that is in use then goes unnoticed, and
    connections that wait for a worker which dies are lost. The hook is private, so its version is pinned.
    """

    def __init__(self, listening: socket.socket, workers: int, log: dict[str, Any]) -> None:
        at = listening.getsockname()
        is_unix = listening.family == socket.AF_UNIX
        super().__init__(
            "kabinet",
            address="unix" if is_unix else at[0],
            port=0 if is_unix else at[1],
            interface=Interfaces.ASGI,
            workers=workers,
            loop=Loops.asyncio,
            http=HTTPModes.http1,
            websockets=False,
            backlog=_BACKLOG,
            http1_settings=HTTP1Settings(header_read_timeout=_HEADERS_MS),
            log_dictconfig=log,
            respawn_failed_workers=True,
            workers_kill_timeout=_SHUTDOWN_SECONDS,
        )
        self._listening = listening

    def _init_shared_socket(self) -> None:
        is_unix = self._listening.family == socket.AF_UNIX
        self._sfd = self._listening.fileno()
        # Its stub leaves the arguments out.
        self._shd = SocketHolder(self._sfd, is_unix, self.backlog)  # type: ignore[call-arg]
        self._sso = self._listening


@click.command("run")
@click.option("-H", "--host", default="127.0.0.1", show_default=True, envvar="LITESTAR_HOST")
@click.option("-p", "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, envvar="LITESTAR_PORT")
@click.option(
    "-W", "--wc", "--web-concurrency", "workers",
    type=click.IntRange(1, 64), default=1, show_default=True, envvar=["LITESTAR_WEB_CONCURRENCY", "WEB_CONCURRENCY"],
    help="Worker processes.",
)  # fmt: skip
@click.option(
    "-U", "--uds", "--unix-domain-socket", "path",
    type=click.Path(path_type=Path), envvar="LITESTAR_UNIX_DOMAIN_SOCKET", help="Listen on a unix socket instead.",
)  # fmt: skip
@click.option(
    "-F", "--fd", "--file-descriptor", "descriptor",
    type=int, envvar="LITESTAR_FILE_DESCRIPTOR", help="Listen on this open socket instead.",
)  # fmt: skip
def run_command(app: Litestar, host: str, port: int, workers: int, path: Path | None, descriptor: int | None) -> None:
    """Serve the portal until SIGTERM or SIGINT."""
    settings = loaded_settings()
    run_with_database(settings, _nothing)
    with _listening(host, port, path, descriptor) as listening:
        if path is None and descriptor is None and (warning := warning_of_network(settings, host, port)):
            click.secho(warning, fg="yellow", err=True)
        # A forked worker has the app already: the command line has built it to find this command.
        multiprocessing.set_start_method("fork", force=True)
        server = PortalServer(listening, workers, logging_settings(settings.log_level, production=settings.production))
        parent = os.getpid()
        server.serve(target_loader=lambda: _in_worker(app, parent), wrap_loader=False)


def warning_of_network(settings: Settings, host: str, port: int) -> str:
    """What a developer's portal that listens on `host` opens to others; empty where it opens nothing."""
    if settings.production or is_loopback(host):
        return ""
    return (
        f"Warning: everybody in this network can open this portal, at {settings.public_url} and without encryption, and"
        " learns when a file was changed. Use it with the fictitious company only. /dev stays with this machine:"
        f" http://127.0.0.1:{port}/dev"
    )


async def _nothing(_: Engine) -> None:
    """Opening the database has done all: the schema is up to date and the secret checked before a worker starts."""


def _in_worker(app: Litestar, parent: int) -> Litestar:
    """What a worker serves. The worker is killed when its parent ends in any way, so that the port is free again."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):  # not in every C library
            library.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
    return app


@contextlib.contextmanager
def _listening(host: str, port: int, path: Path | None, descriptor: int | None) -> Iterator[socket.socket]:
    try:
        if descriptor is not None:
            listening = socket.socket(fileno=descriptor)
        elif path is not None:
            listening = _at_path(path)
        else:
            listening = _at_port(host, port)
    except (OSError, ValueError, OverflowError) as error:  # not a host name, or a descriptor out of range
        where = path if path is not None else f"{host}:{port}" if descriptor is None else f"fd:{descriptor}"
        reason = error.strerror if isinstance(error, OSError) else None
        refuse(f"{where} cannot be listened on: {reason or error}")
    try:
        yield listening
    finally:
        listening.close()
        if path is not None and descriptor is None:
            path.unlink(missing_ok=True)


def _at_port(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(address)
    listening.listen(_BACKLOG)
    return listening


def _at_path(path: Path) -> socket.socket:
    """Open to every user, as the proxy may be any: the permissions of its folder decide who reaches it."""
    listening = socket.socket(socket.AF_UNIX)
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.stat().st_mode) and not _answers(path):
            path.unlink()
    listening.bind(str(path))
    path.chmod(0o666)
    listening.listen(_BACKLOG)
    return listening


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0
