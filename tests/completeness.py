"""Where the places of one thing must meet. Each function says, a line each, what is missing and in which file.

docs/architecture.md, "Adding things", has the recipes; tests/test_conventions.py runs these checks on the project, and
tests/test_adding.py on a copy to which something was added with one place left out.
"""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PARTIALS = ROOT / "templates" / "partials"
TODAY = date(2026, 9, 15)
_IMPORT = re.compile(r"^from [\w.]+ import (?:\([^)]*\)|.*)$", re.MULTILINE)


def sources() -> dict[str, str]:
    """The code of the portal by its path."""
    found = [path for folder in ("domain", "routes") for path in sorted((ROOT / folder).rglob("*.py"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in found}


def steps() -> Iterator[str]:
    """Of the registration by account."""
    progress = importlib.import_module("domain.registration.progress")
    journey, folder = progress.REGISTRATION, "registration/account"
    domain = "\n".join(text for name, text in sources().items() if name.startswith("domain/registration/"))
    for slug in journey.slugs:
        files = (
            f"routes/{folder}/{slug}.py",
            f"templates/partials/{folder}/{slug}.html",
            f"templates/partials/{folder}/{slug}.states.json",
            f"tests/routes/{folder}/test_{slug}.py",
        )
        yield from (f"step {slug}: there is no {file}" for file in files if not (ROOT / file).is_file())
        if slug not in {field.name for field in fields(progress.Registration)}:
            yield f"step {slug}: Registration in domain/registration/progress.py has no such field"
        if not re.search(rf'(?:take_step\(\s*scope, REGISTRATION|may_take\(progress), "{slug}"', domain):
            yield f"step {slug}: no use case in domain/registration/ takes it"
        test = ROOT / files[-1]
        for name in ("TYPED", "BROUGHT") if test.is_file() else ():
            if not re.search(rf"^{name}\b", test.read_text(encoding="utf-8"), re.MULTILINE):
                yield f"step {slug}: {files[-1]} does not say {name}"
    known = {"__init__", *journey.slugs, *journey.branches}
    for path in sorted((ROOT / "routes" / folder).glob("*.py")):
        if path.stem not in known:
            yield f"step {path.stem}: domain/registration/progress.py has no such Step, but it has a route file"


def routes() -> Iterator[str]:
    """Of the web: what a module makes is in its `handlers`, and every step of a journey has its address."""
    package, journeys = importlib.import_module("routes"), importlib.import_module("routes.journeys")
    handler_type = importlib.import_module("litestar.handlers").HTTPRouteHandler
    served = {(method, path) for one in package.every_handler() for method in one.http_methods for path in one.paths}
    wanted: dict[str, set[tuple[str, str]]] = {}
    for found in pkgutil.walk_packages(package.__path__, "routes."):
        module, file = importlib.import_module(found.name), f"{found.name.replace('.', '/')}.py"
        listed = {id(handler) for handler in getattr(module, "handlers", [])}
        for name, value in vars(module).items():
            if isinstance(value, handler_type) and id(value) not in listed:
                yield f"route {name}: {file} makes it, and its `handlers` do not hold it"
            if isinstance(value, journeys.Addresses):
                slugs = (*value.journey.slugs, *value.journey.branches)
                wanted[value.journey.name] = {(m, value.path_of(slug)) for m in ("GET", "POST") for slug in slugs}
    for journey, addresses in wanted.items():
        yield from (f"journey {journey}: nothing serves {method} {path}" for method, path in addresses - served)


def errors() -> Iterator[str]:
    codes = importlib.import_module("domain.refusals").Code
    html = (PARTIALS / "errors.html").read_text(encoding="utf-8")
    texts = re.findall(r'^\s*"(\w+)":', html.partition("{% set texts = {")[2].partition("} %}")[0], re.MULTILINE)
    code_names = {code.value for code in codes}
    yield from (
        f"error {text}: stands twice in templates/partials/errors.html" for text in texts if texts.count(text) > 1
    )
    yield from (f"error {text}: is no Code in domain/refusals.py" for text in texts if text not in code_names)
    everything = "\n".join(sources().values())
    for code in codes:
        if code.value not in texts:
            yield f"error {code.value}: templates/partials/errors.html has no text for it"
        if f"Code.{code.name}" not in everything:
            yield f"error {code.value}: nothing refuses with Code.{code.name}"


def messages() -> Iterator[str]:
    module = importlib.import_module("domain.delivery.messages")
    folder = ROOT / "templates" / "messages"
    listed = {message.name: message for message in module.MESSAGES}
    for message in module.Message.__subclasses__():
        if message not in module.MESSAGES:
            yield f"message {message.name}: MESSAGES in domain/delivery/messages.py does not list {message.__name__}"
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in listed:
            yield f"message {path.name}: domain/delivery/messages.py has none for the folder of this name"
    posting = "\n".join(text for name, text in sources().items() if name != "domain/delivery/messages.py")
    for name, message in listed.items():
        wanted = {
            "states.json",
            *(["subject.txt", "email.html"] if message.kind == "email" else [f"{message.kind}.txt"]),
        }
        there = {path.name for path in (folder / name).iterdir()} if (folder / name).is_dir() else set()
        if wanted != there:
            yield f"message {name}: templates/messages/{name}/ holds {sorted(there)} and not {sorted(wanted)}"
        for what in ("lifetime", "example"):
            if not hasattr(message, what):
                yield f"message {name}: {message.__name__} has no {what}"
        names = {message.__name__, *re.findall(rf"\b{message.__name__} as (\w+)", posting)}
        if not re.search(rf"\b({'|'.join(names)})\b", _IMPORT.sub("", posting)):
            yield f"message {name}: nothing posts {message.__name__}"


def channels() -> Iterator[str]:
    package = importlib.import_module("domain.delivery.channels")
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for name, value in vars(importlib.import_module(module.name)).items():
            own = (
                isinstance(value, type)
                and value.__module__ == module.name
                and not getattr(value, "_is_protocol", False)
            )
            if own and hasattr(value, "send") and value not in package.CHANNELS:
                file = f"{module.name.replace('.', '/')}.py"
                yield f"channel {name} of {file}: CHANNELS in domain/delivery/channels/__init__.py does not list it"
    for channel in package.CHANNELS:
        for what in ("kind", "schemes", "setup", "check"):
            if not getattr(channel, what, None):
                yield f"channel {channel.__name__}: has no {what}"


def kinds() -> Iterator[str]:
    kinds, demo = (importlib.import_module(f"domain.registry.{name}") for name in ("kinds", "demo_company"))
    plans = importlib.import_module("db.plans").PLANS
    sealing = importlib.import_module("domain.sealing").Sealing("a secret of the tests, long enough to be one")
    known = kinds.kinds(sealing, ("RU",), TODAY)
    tables, made = _tables()
    for where, names in {
        "_KINDS in domain/registry/kinds.py": kinds.KINDS,
        "PLANS in db/plans.py": plans,
        "ROWS in domain/registry/demo_company.py": demo.ROWS,
    }.items():
        for name in {*kinds.KINDS, *plans, *demo.ROWS} - {*names}:
            yield f"kind {name}: {where} does not list it"
    for name, plan in plans.items():
        if plan.table not in tables:
            yield f"kind {name}: db/tables.py has no table {plan.table}"
        if plan.table not in made:
            yield f"kind {name}: no migration makes the table {plan.table}"
        if name in known and name in demo.ROWS:
            row = demo.ROWS[name](TODAY)[0]
            if {*row} != {*known[name].column_names}:
                yield f"kind {name}: its demo rows have other columns than domain/registry/kinds.py"
            elif len(known[name].clean((1, [row[column] for column in known[name].column_names]))) != 1 + len(
                plan.staged
            ):
                yield f"kind {name}: its plan stages other columns than its rows become (domain/registry/kinds.py)"


def _tables() -> tuple[set[str], set[str]]:
    """The tables that db/tables.py names, and those that the migrations make."""
    from piccolo.table import Table

    module = importlib.import_module("db.tables")
    engines, migrating = importlib.import_module("db.engine"), importlib.import_module("db.migrate")

    async def made(database: str) -> set[str]:
        async with engines.opened(engines.make_engine(database)) as engine:
            await migrating.migrate(engine)
            return {row["name"] for row in await engines.run("SELECT name FROM sqlite_master WHERE type = 'table'")}

    named = {
        value._meta.tablename for value in vars(module).values() if isinstance(value, type) and issubclass(value, Table)
    }
    with tempfile.TemporaryDirectory() as folder:
        return named, asyncio.run(made(f"sqlite:{folder}/kabinet.sqlite"))


def settings() -> Iterator[str]:
    """Each has a row in README.md that says its default, where that is a number or a word."""
    wanted = importlib.import_module("settings").Settings.model_fields
    told: dict[str, str] = {}
    for names, defaults in re.findall(
        r"^\| (`KABINET_[^|]*) \|([^|]*)\|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    ):
        row = re.findall(r"`KABINET_(\w+)`", names)
        parts = defaults.strip().split(", ") if len(row) > 1 else [defaults.strip()]
        told |= {
            name.lower(): part for name, part in zip(row, parts * len(row) if len(parts) == 1 else parts, strict=False)
        }
        told |= {name.lower(): "" for name in row if name.lower() not in told}
    for name in wanted.keys() - told.keys():
        yield f"setting {name}: README.md has no row for KABINET_{name.upper()}"
    for name in told.keys() - wanted.keys():
        yield f"setting {name}: settings.py has no such field, but README.md a row"
    for name in wanted.keys() & told.keys():
        default: Any = wanted[name].default
        text = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
        plain = default not in {None, "", ()} and told[name].strip("`") != text
        if plain:
            yield f"setting {name}: is {text} in settings.py and {told[name] or 'nothing'} in README.md"


CHECKS: dict[str, Callable[[], Iterator[str]]] = {
    "steps": steps,
    "routes": routes,
    "errors": errors,
    "messages": messages,
    "channels": channels,
    "kinds": kinds,
    "settings": settings,
}
