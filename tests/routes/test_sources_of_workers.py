"""Workers that watch the same files: what one of them calls a version is what each of them does."""

from __future__ import annotations

import os
from pathlib import Path

from routes.design import Design
from routes.sources import Sources


def in_a_worker(files: Sources) -> int:
    """The version as a forked worker names it."""
    ours, theirs = os.pipe()
    if not (worker := os.fork()):
        os.write(theirs, str(files.version).encode())
        os._exit(0)
    os.close(theirs)
    os.waitpid(worker, 0)
    said = os.read(ours, 100)
    os.close(ours)
    return int(said)


def test_all_workers_name_the_same_version_however_often_each_was_asked(tmp_path: Path) -> None:
    (tmp_path / "one.html").write_text("1")
    design = Design(tmp_path)
    first, second = (Sources([tmp_path], watch=True, design=design) for _ in range(2))
    assert first.version == second.version == in_a_worker(first)
    for text in ("2", "3"):
        before = first.version
        (tmp_path / "one.html").write_text(text)
        assert first.version != before
    assert first.version == second.version == in_a_worker(first) == in_a_worker(second)


def test_without_a_list_of_the_kernel_too(tmp_path: Path) -> None:
    (tmp_path / "one.html").write_text("1")
    listed, compared = (Sources([tmp_path], watch=True) for _ in range(2))
    os.close(compared._events or -1)
    compared._events, compared._times = None, compared._files()
    (tmp_path / "two.html").write_text("2")
    assert listed.version == compared.version


def test_in_production_nothing_is_read(tmp_path: Path) -> None:
    assert Sources([tmp_path / "none"], watch=False).version == 0
