"""What the documents claim: every test they name exists."""

from __future__ import annotations

import re
from pathlib import Path

from domain.delivery.channels.kannel import Kannel
from domain.delivery.channels.smsc import Smsc
from domain.delivery.channels.smtp import Smtp
from domain.values import sms_steps
from settings import Settings

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


def test_every_file_that_a_document_names_exists() -> None:
    missing = [
        f"{document.name}: {path}"
        for document in sorted((ROOT / "docs").glob("*.md"))
        for path in re.findall(
            r"`((?:tests|routes|domain|db|templates|static)/[\w./-]+)(?:::\w+)?`", document.read_text("utf-8")
        )
        if not (ROOT / path).exists()
    ]
    assert missing == []


def test_every_part_of_a_document_that_another_names_exists() -> None:
    named = [
        (document.name, other, part)
        for document in sorted((ROOT / "docs").glob("*.md"))
        for other, after in re.findall(r"\[[^]]+\]\((\w+\.md)\)([^|\n]{0,60})", document.read_text("utf-8"))
        for part in re.findall(r'^[ (,]*"([^"]+)"', after)
    ]
    assert named
    assert [one for one in named if f"## {one[2]}\n" not in (ROOT / "docs" / one[1]).read_text("utf-8")] == []


def test_the_figures_of_the_delivery_are_those_of_the_code() -> None:
    text = (ROOT / "docs/delivery.md").read_text("utf-8")
    rules = {**sms_steps.RULES, "network": sms_steps._NETWORK, "another": sms_steps._STRANGE_NETWORK}
    found = {
        name: (int(picture), int(known), int(none))
        for name, picture, known, none in re.findall(
            r"^\| `?(\w+)[^|]* \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE
        )
    }
    assert found == {name: rule.least for name, rule in rules.items()}
    floors = re.search(r"^\| what \|.* (\d+) % .* (\d+) % .* (\d+) % \|$", text, re.MULTILINE)
    assert floors
    assert tuple(map(int, floors.groups())) == Settings.model_fields["sms_floors"].default
    windows = [int(number) for number in re.findall(r"Up to (\d+) (?:messages|connections)", text)]
    assert windows == [
        Kannel("http+kannel://u:p@localhost/s", "").window,
        Smsc("https+smsc://u:p@localhost/sys/send.php", "").window,
        Smtp("smtp://localhost", "").window,
    ]
