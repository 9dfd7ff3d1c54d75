"""The portal as `pip install kabinet` has it: everything in one folder, on whose names it imports by themselves.

The wheel puts app.py, routes/, templates/ and the rest of the project beside this file. They call each other `routes`,
`domain` and so on, which nobody else's modules in site-packages may be hidden by: the folder is searched only once this
package is imported.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))


def create_app() -> Any:
    """The portal, for `litestar --app kabinet:create_app`."""
    from app import create_app as of_the_portal

    return of_the_portal()


def main() -> None:
    """`kabinet …`: the commands of `litestar`, from any folder."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"kabinet {version('kabinet')}\n")
        return
    os.environ["LITESTAR_APP"] = "kabinet:create_app"
    os.environ.setdefault("LITESTAR_APP_NAME", "Kabinet")
    os.environ.setdefault("LITESTAR_QUIET_CONSOLE", "1")
    from litestar.__main__ import run_cli

    run_cli()
