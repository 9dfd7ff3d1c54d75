"""What domain/registry/cleaning.py starts: reads a kind and then chunks of its rows, answers with what they become."""

from __future__ import annotations

import contextlib
import gc
import pickle
import sys
from typing import IO, Any

from domain.registry.cleaning import LENGTH


def clean(source: IO[bytes], sink: IO[bytes]) -> None:
    """Until `source` ends, in the middle of a chunk or not."""
    # Rows hold no circles: nothing is ever found, and a tenth of the time goes by.
    gc.disable()
    with contextlib.suppress(EOFError, pickle.UnpicklingError, BrokenPipeError):
        kind = pickle.load(source)  # noqa: S301 - what the command sends that has started this process
        while True:
            rows = pickle.load(source)  # noqa: S301
            answer = pickle.dumps(_cleaned(kind, rows))
            sink.write(len(answer).to_bytes(LENGTH) + answer)
            sink.flush()


def _cleaned(kind: Any, rows: Any) -> Any:
    try:
        return kind.clean_all(rows)
    except Exception as error:  # noqa: BLE001 - raised again in the command
        return error


if __name__ == "__main__":
    clean(sys.stdin.buffer, sys.stdout.buffer)
