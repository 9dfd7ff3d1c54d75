"""Where the designers' files are: ours, and those that a company lays over them.

`KABINET_TEMPLATES` names the company's folder. It mirrors `templates/`, and its `static/` is laid over ours: a file of
the same name takes the place of ours, so an upgrade conflicts with nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TEMPLATES = Path(__file__).parent.parent / "templates"
STATIC = Path(__file__).parent.parent / "static"
BRAND = "brand.toml"
# What stands in the templates themselves, and is shown to a visitor who asks for none of the languages there are.
ORIGINAL = "ru"


@dataclass(frozen=True)
class Design:
    """Files by their name, such as `partials/code.html`; `own` is the company's folder."""

    own: Path | None = None

    @property
    def templates(self) -> Sequence[Path]:
        """The folders of the templates: the first that has a file is the one it is taken from."""
        return [self.own, TEMPLATES] if self.own else [TEMPLATES]

    @property
    def static(self) -> Sequence[Path]:
        own = [self.own / "static"] if self.own and (self.own / "static").is_dir() else []
        return [*own, STATIC]

    @property
    def folders(self) -> Sequence[Path]:
        """Everything that has to be watched."""
        return [*self.templates, STATIC]

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that have a folder in `locale/`, ours or the company's; that of the templates first."""
        found = {path.name for folder in self.templates for path in (folder / "locale").glob("[!.]*") if path.is_dir()}
        return ORIGINAL, *sorted(found - {ORIGINAL})

    def template(self, name: str) -> Path:
        return _first(self.templates, name)

    def asset(self, name: str) -> Path:
        return _first(self.static, name)

    def find(self, pattern: str, folder: str = "") -> dict[str, Path]:
        """The templates (below `folder`) whose file name matches, by their name, sorted."""
        return _found(self.templates, pattern, folder)

    def assets(self) -> dict[str, Path]:
        return _found(self.static, "*", "")

    def named(self, shown: str) -> Path | None:
        """The file that a message names; None where there is none."""
        found = (folder.parent / shown for folder in self.folders if shown.startswith(f"{folder.name}/"))
        return next((path for path in found if path.is_file()), None)

    def shown(self, path: Path) -> str:
        """A file as a message names it."""
        within = (folder.parent for folder in self.folders if path.is_relative_to(folder))
        return path.relative_to(next(within, path.anchor)).as_posix()


def _first(folders: Sequence[Path], name: str) -> Path:
    return next((folder / name for folder in folders if (folder / name).is_file()), folders[-1] / name)


def _found(folders: Sequence[Path], pattern: str, below: str) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in reversed(folders):
        for path in (folder / below).rglob(pattern):
            name = path.relative_to(folder)
            # What the company's folder notes for itself begins with a dot.
            if path.is_file() and not any(part.startswith(".") for part in name.parts):
                found[name.as_posix()] = path
    return dict(sorted(found.items()))
