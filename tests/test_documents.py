"""What the documents claim: every test they name exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_test_that_a_document_names_exists() -> None:
    named = [
        (document.name, path, test)
        for document in sorted((ROOT / "docs").glob("*.md"))
        for path, test in _TEST.findall(document.read_text(encoding="utf-8"))
    ]
    assert named
    missing = [
        f"{document}: {path}::{test}"
        for document, path, test in named
        if not (ROOT / path).is_file()
        or not re.search(rf"^(?:async )?def {test}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []
