"""The file that a backup is: everything that a database holds, in a form that both databases are filled from.

It is a ZIP file of one member for each table, a JSON array of values on each line, and a manifest: the schema, the
columns, how many rows there are, the highest number given, and the SHA-256 of each table. A keyed hash of the manifest
shows that nobody without `KABINET_SECRET` has made or changed the file; the secret itself is not in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Any, cast
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from db.contents import Progress
from db.shapes import PORTION, Kind, Rows, Shape, Source
from domain.backups.whole_file import ArchiveError, told
from domain.installation import WrongSecretError, is_secret_of, secret_hash_of
from domain.sealing import Sealing

FORMAT = 1
MANIFEST, SEAL = "manifest.json", "manifest.hmac"
# A table of random letters and digits does not get smaller by trying harder.
_LEVEL = 1
_LONGEST_MANIFEST = 2**20
_READ: dict[Kind, Callable[[str], Any]] = {"date": date.fromisoformat, "time": datetime.fromisoformat}
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=lambda value: value.isoformat()).encode


@dataclass(frozen=True)
class Table:
    """A table as the manifest tells it."""

    name: str
    key: str
    columns: Sequence[tuple[str, Kind]]
    last_number: int | None
    rows: int
    sha256: str

    @property
    def shape(self) -> Shape:
        return Shape(self.name, self.key, tuple((name, kind) for name, kind in self.columns), self.last_number)


@dataclass(frozen=True)
class Manifest:
    format: int
    made_at: str
    # The ids of the migrations that had run, in order.
    schema: Sequence[str]
    secret_hash: str
    tables: Sequence[Table]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


async def write_archive(
    path: Path, file: Any, source: Source, schema: Sequence[str], made_at: datetime, sealing: Sealing,
    progress: Progress,
) -> Manifest:  # fmt: skip
    with told(path, "written"), ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        tables = [await _write_table(archive, source, shape, progress) for shape in source.shapes]
        manifest = Manifest(FORMAT, made_at.isoformat(), schema, secret_hash_of(sealing), tables)
        text = json.dumps(asdict(manifest), indent=1)
        archive.writestr(MANIFEST, text)
        archive.writestr(SEAL, sealing.keyed_hash(*_sealed(text)))
    return manifest


async def _write_table(archive: ZipFile, source: Source, shape: Shape, progress: Progress) -> Table:
    count, digest = 0, hashlib.sha256()
    with archive.open(_member(shape), "w", force_zip64=True) as member:
        async for rows in source.rows(shape):
            lines = "".join(f"{_encode(row)}\n" for row in rows).encode()
            digest.update(lines)
            member.write(lines)
            count += len(rows)
            progress(len(rows))
    return Table(shape.name, shape.key, shape.columns, shape.last_number, count, digest.hexdigest())


class Archive:
    """A backup that is read. Made with `opened_archive`."""

    def __init__(self, path: Path, file: ZipFile, manifest: Manifest) -> None:
        self._path, self._file, self.manifest = path, file, manifest
        self._tables = {table.name: table for table in manifest.tables}

    @property
    def shapes(self) -> Sequence[Shape]:
        return [table.shape for table in self._tables.values()]

    async def check(self, progress: Progress) -> None:
        """Raise ArchiveError unless every row can be read and every checksum is right."""
        for shape in self.shapes:
            async for rows in self.rows(shape):
                progress(len(rows))

    async def rows(self, shape: Shape) -> AsyncIterator[Rows]:
        """The checksum is that of what was read now: it is known to be wrong only when the last row has been."""
        table = self._tables[shape.name]
        count, digest = 0, hashlib.sha256()
        with _damage_told(self._path, table.name), self._file.open(_member(shape)) as member:
            buffered = BufferedReader(cast(Any, member), 2**18)
            while lines := list(islice(buffered, PORTION)):
                digest.update(b"".join(lines))
                rows = json.loads(b"[" + b",".join(lines) + b"]")
                count += len(rows)
                yield [_row(values, shape) for values in rows]
            if (count, digest.hexdigest()) != (table.rows, table.sha256):
                raise ValueError


def _row(values: list[Any], shape: Shape) -> tuple[Any, ...]:
    for place, (_, kind) in enumerate(shape.columns):
        if kind in _READ and values[place] is not None:
            values[place] = _READ[kind](values[place])
    return tuple(values)


@contextlib.contextmanager
def opened_archive(path: Path, sealing: Sealing) -> Iterator[Archive]:
    """Raises ArchiveError for a file that is no backup, WrongSecretError for one that another secret was made for."""
    with contextlib.ExitStack() as stack:
        with told(path, "read"), _damage_told(path, "it is no backup"):
            file = stack.enter_context(ZipFile(path))
            if file.getinfo(MANIFEST).file_size > _LONGEST_MANIFEST:
                raise ValueError
            text, seal = file.read(MANIFEST).decode(), file.read(SEAL).decode()
            manifest = _read_manifest(path, text, seal, sealing)
        yield Archive(path, file, manifest)


def _read_manifest(path: Path, text: str, seal: str, sealing: Sealing) -> Manifest:
    said = json.loads(text)
    if said["format"] != FORMAT:
        raise ArchiveError(f"{path}: was written by another release of the portal, in format {said['format']!r}")
    if not is_secret_of(sealing, str(said["secret_hash"])):
        raise WrongSecretError(f"{path} was made with")
    if not sealing.has_hash(seal.strip(), *_sealed(text)):
        raise ArchiveError(f"{path}: its manifest is not the one that the backup was made with")
    return Manifest(**{**said, "tables": [Table(**table) for table in said["tables"]]})


def _sealed(manifest: str) -> tuple[str, str]:
    return "backup", manifest


def _member(shape: Shape) -> str:
    return f"{shape.name}.jsonl"


@contextlib.contextmanager
def _damage_told(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except (BadZipFile, zlib.error, EOFError, ValueError, TypeError, KeyError, IndexError, NotImplementedError):
        raise ArchiveError(f"{path}: is damaged: {what}") from None
