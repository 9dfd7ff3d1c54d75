"""Commands as an operator runs them, each in a process of its own, forked from one that has the imports behind it.

Python takes longer to import the portal than most commands take to run.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

ROOT = Path(__file__).parents[1]
REGISTRY, REQUESTS = "routes.cli.registry:registry_group", "routes.cli.requests:requests_group"
DELIVERY = "routes.cli.delivery:delivery_group"
BACKUP, RESTORE = "routes.cli.backups:backup_command", "routes.cli.backups:restore_command"
MIGRATE = "routes.cli.migrations:migrate_command"
DOCTOR = "routes.cli.doctor:doctor_command"
SECRET = "routes.cli.secret:secret_group"
DATABASE = "routes.cli.database:database_group"
LITESTAR, APP = "litestar.__main__:run_cli", ("--app", "app:create_app")
# Seconds; longer than any command of the tests takes on a loaded machine.
BOUND = 60

_forked = multiprocessing.get_context("forkserver")
_forked.set_forkserver_preload(["app", "litestar.cli.main", "openpyxl"])


def forked(
    entry: str,
    words: Sequence[str],
    environment: Mapping[str, str],
    cwd: Path,
    streams: Sequence[Path],
    listening: socket.socket | None = None,
) -> BaseProcess:
    """A process that is running, in a session of its own, with stdout and stderr at the end of `streams`.

    `entry` is `module:function` of a click command. A socket that it is to serve is named to it as `--fd`.
    """
    arguments = (entry, list(words), dict(environment), [str(path) for path in streams], str(cwd), listening)
    process = _forked.Process(target=_run, args=arguments)
    process.start()
    return process


class Command:
    """`entry` is `module:function` of a click command; it starts at once."""

    def __init__(
        self, entry: str, words: Sequence[str | Path], environment: Mapping[str, str], cwd: Path = ROOT
    ) -> None:
        self._words = [str(word) for word in words]
        self._output = tempfile.TemporaryDirectory()
        self._streams = [Path(self._output.name) / name for name in ("stdout", "stderr")]
        if entry == LITESTAR:
            self._words[:0] = APP
        self._process = forked(entry, self._words, environment, cwd, self._streams)

    def finished(self) -> subprocess.CompletedProcess[str]:
        self._process.join(BOUND)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            raise subprocess.TimeoutExpired(self._words, BOUND)
        self._process.close()
        with self._output:
            return subprocess.CompletedProcess(self._words, code, *(path.read_text() for path in self._streams))


def _run(
    entry: str,
    words: list[str],
    environment: dict[str, str],
    streams: list[str],
    cwd: str,
    listening: socket.socket | None,
) -> None:
    os.setsid()
    # The imports behind it have set this, and will not do it again.
    set_by_imports = {name: os.environ[name] for name in ("PICCOLO_CONF",) if name in os.environ}
    os.environ.clear()
    os.environ.update(set_by_imports | environment)
    os.chdir(cwd)
    for number, path in enumerate(streams, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    warnings.resetwarnings()
    warnings.simplefilter("error")
    module, _, function = entry.partition(":")
    sys.argv = [function, *words]
    if listening is not None:
        descriptor = listening.detach()
        os.set_inheritable(descriptor, True)
        sys.argv += ["--fd", str(descriptor)]
    if environment.get("PYTHONPATH", str(ROOT)) != str(ROOT):
        # Another copy of the portal: the imports of this one are of no use to it.
        os.execve(sys.executable, [sys.executable, "-m", "litestar", *sys.argv[1:]], environment)
    getattr(importlib.import_module(module), function)()
