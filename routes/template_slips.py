"""Errors of templates as slips: which file, which line, and in words; what the fragment needs and what it got."""

from __future__ import annotations

import contextlib
import re
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from jinja2 import TemplateNotFound, TemplateSyntaxError

from routes.design import Design
from routes.slips import Slip, SlipError

# What Jinja says, and how it is told to a designer.
_IN_WORDS = (
    (r"'([^']+)' is undefined", "Неизвестное имя «{0}»"),
    (r"'([^']+)' has no attribute '([^']+)'", "У «{0}» нет «{1}»"),
    (r"'([^']+)' has no '([^']+)'", "У «{0}» нет «{1}»"),
    (r"asset: there is no file '([^']+)'", "Нет файла static/{0}"),
    (r"No (filter|test) named '([^']+)'\.", "Нет фильтра или проверки «{1}»"),
    (
        r"Unexpected end of template\. .* needs to be closed is '([^']+)'\.",
        "Файл кончился, а {{% {0} %}} не закрыт: нет {{% end{0} %}}",
    ),
    (
        r"Encountered unknown tag '([^']+)'\. .* needs to be closed is '([^']+)'\.",
        "Здесь {{% {0} %}}, а сначала нужно закрыть {{% {1} %}}",
    ),
    (r"Encountered unknown tag '([^']+)'\.?", "Лишний или неизвестный тег {{% {0} %}}"),
    (r"Unexpected end of template\.?", "Файл кончился раньше, чем {{% … %}} или {{{{ … }}}}"),
)
_NEEDS = re.compile(r"\{#.*?\b[Nn]eeds:\s*(.*?)\s*#\}", re.DOTALL)
# Jinja's own names among the values of a template.
_OURS = {"range", "dict", "lipsum", "cycler", "joiner", "namespace", "self", "caller", "loop", "layout"}


@dataclass(frozen=True)
class TemplateSlip:
    """`needs` are the names in the comment of the fragment `fragment`, `got` those that it was given."""

    slips: Sequence[Slip]
    original: str
    fragment: str = ""
    needs: Sequence[str] = ()
    got: Sequence[str] = ()


def needs_of(source: str) -> list[str]:
    """The names in the comment at the head of a template: `Needs: form (phone, consent), place.`"""
    found = _NEEDS.match(source)
    told = found[1] if found else ""
    while "(" in told:
        told, before = re.sub(r"\([^()]*\)", "", told), told
        if told == before:
            break
    named = told.partition(".")[0].partition(";")[0]
    # What takes several words says how something is used, and names nothing.
    return [part.strip() for part in re.split(r",|\band\b", named) if part.strip().isidentifier()]


def slip_of(error: BaseException, design: Design) -> TemplateSlip | None:
    """None where the error has nothing to do with a file of the designers."""
    if isinstance(error, SlipError):
        return TemplateSlip(error.slips, "")
    original = f"{type(error).__name__}: {error}"
    if isinstance(error, TemplateSyntaxError) and error.filename:
        slip = Slip(design.shown(Path(error.filename)), error.lineno, in_words(error))
        return TemplateSlip([slip], original)
    frames = [
        (frame, Path(frame.f_code.co_filename), line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if any(Path(frame.f_code.co_filename).is_relative_to(folder) for folder in design.templates)
    ]
    if not frames:
        missing = isinstance(error, TemplateNotFound)
        return TemplateSlip([Slip("templates", 0, in_words(error))], original) if missing else None
    outermost, fragment, _ = frames[0]
    path, line = _place(error, [(path, line) for _, path, line in frames])
    needs = needs_of(fragment.read_text(encoding="utf-8")) if fragment.is_file() else []
    known = _globals_of(error.__traceback__)
    got = sorted(name for name in outermost.f_locals if name not in known | _OURS and not name.startswith("_"))
    slip = Slip(design.shown(path), line, in_words(error))
    return TemplateSlip([slip], original, design.shown(fragment), needs, got)


@contextlib.contextmanager
def slips_into(told: dict[Slip, None], design: Design) -> Iterator[None]:
    """An error of a template within becomes its slip; any other is an error of ours."""
    try:
        yield
    except Exception as error:
        if (found := slip_of(error, design)) is None:
            raise
        told.update(dict.fromkeys(found.slips))


def in_words(error: BaseException) -> str:
    if isinstance(error, TemplateNotFound):
        return f"Нет шаблона «{error.name}»"
    said = (error.message if isinstance(error, TemplateSyntaxError) else None) or str(error)
    for pattern, words in _IN_WORDS:
        if found := re.fullmatch(pattern, said, re.DOTALL):
            return words.format(*found.groups())
    return said


def _place(error: BaseException, frames: Sequence[tuple[Path, int]]) -> tuple[Path, int]:
    """Where it came up; of an unknown name where it is written, which may be the call of a macro that used it."""
    found = re.match(r"'(\w+)' is undefined", str(error))
    for path, line in reversed(frames) if found else ():
        lines = path.read_text(encoding="utf-8").splitlines()
        if found and re.search(rf"\b{found[1]}\b", lines[line - 1]):
            return path, line
    return frames[-1]


def _globals_of(trace: TracebackType | None) -> set[str]:
    """The names that every template has, from the environment that was drawing."""
    for frame, _ in traceback.walk_tb(trace):
        environment = getattr(frame.f_locals.get("self"), "environment", None)
        if environment is not None and hasattr(environment, "globals"):
            return set(environment.globals)
    return set()
