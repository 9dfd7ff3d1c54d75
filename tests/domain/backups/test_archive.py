"""The file that a backup is: whole, its owner's, of one secret; and refused where anything of it is not as it was."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db.engine import Engine
from domain.backups.archive import FORMAT, MANIFEST, SEAL, opened_archive
from domain.backups.whole_file import ArchiveError
from domain.installation import WrongSecretError, secret_hash_of
from domain.sealing import Sealing
from settings import Settings
from tests.conftest import SECRET
from tests.db.filled import fill_every_table
from tests.domain.backups.test_restore import SEALING, backed_up, quiet, restored

# The file is the same whichever database it is made from.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def _changed(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)


def _a_row_less(members: dict[str, bytes]) -> None:
    members["customers.jsonl"] = b"".join(members["customers.jsonl"].splitlines(keepends=True)[1:])


def _another_password(members: dict[str, bytes]) -> None:
    """Whoever can write to the place where backups are kept would sign in as a customer."""
    members["customers.jsonl"] = members["customers.jsonl"].replace(b"two\\nlines", b"one\\nline")


def _other_rows_promised(members: dict[str, bytes]) -> None:
    members[MANIFEST] = members[MANIFEST].replace(b'"rows": 7', b'"rows": 6')


def _another_seal(members: dict[str, bytes]) -> None:
    members[SEAL] = b"0" * 64


def _another_format(members: dict[str, bytes]) -> None:
    members[MANIFEST] = members[MANIFEST].replace(f'"format": {FORMAT}'.encode(), b'"format": 2')


def _table_left_out(members: dict[str, bytes]) -> None:
    del members["journal.jsonl"]


def _no_manifest(members: dict[str, bytes]) -> None:
    del members[MANIFEST]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_a_row_less, "is damaged: customers"),
        (_another_password, "is damaged: customers"),
        (_other_rows_promised, "its manifest is not the one"),
        (_another_seal, "its manifest is not the one"),
        (_another_format, "written by another release of the portal, in format 2"),
        (_table_left_out, "is damaged: journal"),
        (_no_manifest, "it is no backup"),
    ],
)
async def test_a_changed_file_is_refused_before_anything_is_made(
    engine: Engine, tmp_path: Path, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    await fill_every_table(secret_hash_of(SEALING))
    path = await backed_up(engine, tmp_path / "kabinet.zip")
    _changed(path, change)
    target = Settings(_env_file=None, database=f"sqlite:{tmp_path}/new.sqlite", secret=SECRET)  # type: ignore[call-arg]
    with pytest.raises(ArchiveError, match=said):
        await restored(target, path)
    assert _names(tmp_path) == ["kabinet.zip"]


async def test_no_damage_goes_unnoticed(engine: Engine, tmp_path: Path) -> None:
    """A byte changed here and there, and the file cut off: whatever it hits."""
    await fill_every_table(secret_hash_of(SEALING))
    whole = (await backed_up(engine, tmp_path / "kabinet.zip")).read_bytes()
    path = tmp_path / "damaged.zip"

    async def notices(content: bytes) -> bool:
        path.write_bytes(content)
        try:
            with opened_archive(path, SEALING) as archive:
                await archive.check(quiet)
                # What a ZIP file says twice, or nobody reads, may differ; what is read may not.
                return archive.manifest == wanted and await _rows(archive) == rows
        except (ArchiveError, WrongSecretError):
            return True

    with opened_archive(tmp_path / "kabinet.zip", SEALING) as archive:
        wanted, rows = archive.manifest, await _rows(archive)
    for place in range(0, len(whole), 97):
        assert await notices(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]), place
    for length in range(0, len(whole), 997):
        assert await notices(whole[:length]), length


async def _rows(archive: Any) -> dict[str, list[Any]]:
    return {shape.name: [row async for rows in archive.rows(shape) for row in rows] for shape in archive.shapes}


async def test_a_backup_belongs_to_its_secret(engine: Engine, tmp_path: Path) -> None:
    path = await backed_up(engine, tmp_path / "kabinet.zip")
    with pytest.raises(WrongSecretError, match="was made with"), opened_archive(path, Sealing("another" * 8)):
        pass
    assert SECRET.encode() not in b"".join(
        zipfile.ZipFile(path).read(name) for name in zipfile.ZipFile(path).namelist()
    )


async def test_only_its_owner_reads_a_backup_and_no_other_file_is_replaced(engine: Engine, tmp_path: Path) -> None:
    path = await backed_up(engine, tmp_path / "kabinet.zip")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(ArchiveError, match="exists already"):
        await backed_up(engine, path)
    with pytest.raises(ArchiveError, match="No such file or directory"):
        await backed_up(engine, tmp_path / "nowhere" / "kabinet.zip")
    assert path.read_bytes() == before
    assert _names(tmp_path) == ["kabinet.zip"]


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())
