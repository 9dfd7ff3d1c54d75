"""Where the halves of a thing must meet, and what no file may hold. Quick: no database, no network."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.completeness import CHECKS

ROOT = Path(__file__).parents[1]
PARTIALS = ROOT / "templates" / "partials"
LIMIT = 250
# Longer files, each with its reason.
LONGER = {
    "tests/acts.py": "one table: every act that ends in a notice",
    "tests/db/test_rows.py": "one subject: every kind of row, made and read once",
    "tests/db/test_import_in_portions.py": "one subject: what is seen and left at every moment of an import",
    "tests/routes/test_notices.py": "one subject: a notice, its text and the one time it is told",
    "tests/routes/test_grants.py": "one table: every grant against every change of credentials",
    "tests/routes/test_brand.py": "one subject: a brand, wrong in every way, and everywhere it is seen",
    "tests/routes/test_links.py": "one table: every kind of link, opened, sent again and left behind",
    "tests/routes/profile/security/test_changes.py": "one page: every change that it offers",
    "tests/routes/test_session_ids.py": "one subject: when a session's id changes and what the former one is worth",
    "tests/routes/test_steps_in_order.py": "one table: every step against every unmet earlier one",
    "domain/proofs/one_time_codes.py": "one subject: a code, from its sending to its judgement",
    "routes/forms.py": "what can be typed in one place: every kind of field beside its limit",
    "db/postgres.py": "one engine: its connections, limits and locks",
    "db/sqlite.py": "one engine: which statement runs where, and why",
    "db/staging.py": "one interface, told for each database",
    "db/tables.py": "every table in one place",
    "domain/delivery/messages.py": "every message in one place, each with its example",
    "domain/registry/kinds.py": "every kind of file beside what its cells become",
    "settings.py": "every setting and its check in one place",
    "domain/sessions.py": "one subject: the id of a session, from the first step through every proof",
    "tests/adding/recipes.py": "every recipe in one table",
    "tests/test_conventions.py": "every convention in one place",
    "tests/conftest.py": "the fixtures that all tests share",
    "tests/databases.py": "both databases, each made and emptied in its own way",
    "tests/routes/staff/test_registry.py": "one subject: a file on its way, each attack on it beside the next",
    "tests/routes/staff/test_sign_in.py": "one subject: what each proof is worth alone, twice and too late",
    "tests/test_settings.py": "every wrong setting in one table",
    "tests/domain/delivery/channels/test_smpp.py": "one subject: a connection, and all that may come over it",
    "tests/domain/delivery/channels/test_smtp.py": "one subject: a real server, and what follows from each answer",
    "tests/domain/delivery/test_sending.py": "one subject: what becomes of a message, each fault beside the next",
    "tests/domain/registry/test_importing.py": "one subject: an import, each of its promises",
    "tests/faults/test_unique_indexes.py": "one subject: every unique index, each occupied in the middle of a request",
    "tests/routes/registration/card/test_journey.py": "one journey: both steps and the password between them",
    "tests/routes/registration/account/test_bill.py": "one step: its guesses, its limits and what else proves a bill",
    "tests/routes/recovery/test_unsent.py": "one subject: who is charged for what is not sent, and who can tell",
    "tests/routes/registration/account/test_code.py": "one step: its guesses, waits and budgets",
}
PURE = (
    "values/phones",
    "values/money",
    "values/periods",
    "values/account_numbers",
    "values/people",
    "passwords",
    "sealing",
)
CATCHING = {
    "routes/error_pages.py",
    "routes/health.py",
    "domain/delivery/receipts.py",
    "domain/delivery/sending.py",
    "domain/delivery/watch.py",
    "domain/delivery/worker.py",
    "domain/housekeeping.py",
    "domain/registry/jobs.py",
}


def python_files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    top = sorted(ROOT.glob("*.py")) if "." in folders else []
    return [path for path in [*top, *found] if "migrations" not in path.parts]


SOURCES = [
    *sorted(ROOT.glob("*.py")), *python_files("routes", "domain", "db"),
]  # fmt: skip
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
TEXTS = sorted((ROOT / "templates").rglob("*.txt"))
FRAGMENTS = [path for path in TEMPLATES if "{% extends layout %}" in path.read_text(encoding="utf-8")]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


each_source = pytest.mark.parametrize("path", SOURCES, ids=name_of)
each_template = pytest.mark.parametrize("path", TEMPLATES, ids=name_of)


def imports_of(path: Path) -> set[str]:
    """Top-level packages that a file imports, wherever the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name.split(".")[0] for name in found}


# --- What is added in several places ---


@pytest.mark.parametrize("check", CHECKS)
def test_the_places_of_one_thing_meet(check: str) -> None:
    """docs/architecture.md, "Adding things"."""
    assert list(CHECKS[check]()) == []


@pytest.mark.parametrize("path", FRAGMENTS, ids=name_of)
def test_a_fragment_has_its_states_and_is_named_as_its_path(path: Path) -> None:
    assert path.with_suffix(".states.json").is_file()
    root = re.search(r'<(?:section|div)\b[^>]*?\bid="([^"]+)"', path.read_text(encoding="utf-8"))
    assert root is not None
    wanted = path.relative_to(PARTIALS).with_suffix("").as_posix().replace("/", "-").replace("_", "-")
    # An overview is the page of its folder.
    assert root[1] in {wanted, wanted.removesuffix("-overview")}


def test_no_states_are_left_without_their_fragment() -> None:
    for path in PARTIALS.rglob("*.states.json"):
        assert Path(str(path).replace(".states.json", ".html")).is_file(), name_of(path)


@each_template
def test_a_template_says_first_what_it_is(path: Path) -> None:
    if "messages" not in path.parts:
        assert path.read_text(encoding="utf-8").startswith("{#"), (
            "the first line is a comment: what it is, what it needs"
        )


# --- What no template may hold ---


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags_of(path: Path) -> Iterable[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(re.sub(r"\{[{%#].*?[}%#]\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL))
    return parser.tags


@each_template
def test_no_inline_style_and_no_inline_script(path: Path) -> None:
    # The styles of e-mails stand in one place, and are put into the elements when an e-mail is made.
    styled = path == ROOT / "templates" / "messages" / "base.html"
    for tag, attributes in tags_of(path):
        assert tag != "style" or styled
        assert tag != "script" or "src" in attributes
        wrong = {name for name in attributes if name == "style" or re.match(r"on[a-z]|hx-on", name)}
        assert not wrong, f"<{tag}> has {wrong}"
        for value in attributes.values():
            assert not (value or "").strip().lower().startswith("javascript:")


@each_template
def test_a_link_that_opens_a_tab_says_so(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for link in re.findall(r"<a\b[^>]*target=\"_blank\".*?</a>", source, re.DOTALL):
        assert "в новой вкладке" in link


@each_template
def test_nothing_is_marked_safe_by_hand(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape", source)


def test_no_other_origin() -> None:
    shown = [*TEMPLATES, *TEXTS, *(ROOT / "static").glob("*.css"), *(ROOT / "static").glob("*.svg")]
    shown += [path for path in (ROOT / "static").glob("*.js") if "htmx" not in path.name]
    for path in shown:
        for address in re.findall(r"(?:https?:)?//[\w.-]+\.[a-z]{2,}[^\s\"')]*", path.read_text(encoding="utf-8")):
            # The name of the SVG language is not an address.
            assert address == "http://www.w3.org/2000/svg", f"{name_of(path)}: {address}"


def test_the_texts_write_no_yo() -> None:
    for path in [*TEMPLATES, *TEXTS, *SOURCES]:
        source = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            # Classes of letters, and names and streets of the fictitious company, are no texts of ours.
            source = re.sub(r".*[А-ЯЁ]\]|.*абвгдежзий.*|.*йцукен.*|.*А-ЯЁ.*", "", source)
            if path.name == "demo_company.py":
                continue
        found = re.search(r".*[ёЁ].*", source)
        assert found is None, f"{name_of(path)}: {found and found[0]}"


# --- Code ---


@each_source
def test_only_the_ends_of_the_line_catch_everything(path: Path) -> None:
    if name_of(path) in CATCHING:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            names = (
                {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else {"everything"}
            )
            if names & {"Exception", "BaseException", "everything"}:
                # What is raised again has not been caught.
                passed_on = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
                said = ast.get_source_segment(path.read_text(encoding="utf-8"), node) or ""
                assert passed_on or "raised again" in said, f"line {node.lineno}"


def test_settings_and_pure_rules_import_nothing_of_the_project() -> None:
    ours = {"app", "routes", "domain", "db", "settings"}
    for path in (ROOT / "settings.py", *(ROOT / "domain" / f"{name}.py" for name in PURE)):
        assert not imports_of(path) & ours, name_of(path)


def test_imports_run_one_way() -> None:
    below = {"routes": {"app"}, "domain": {"app", "routes"}, "db": {"app", "routes", "domain", "settings"}}
    for folder, above in below.items():
        for path in python_files(folder):
            assert not imports_of(path) & above, name_of(path)


def test_the_domain_knows_no_web() -> None:
    for path in python_files("domain", "db"):
        assert not imports_of(path) & {"litestar", "jinja2", "markupsafe"}, name_of(path)


@pytest.mark.parametrize(
    ("file", "words"), [("responses.py", r"\bHX-"), ("cookies.py", r"\bCookie\(|samesite|__Host-")]
)
def test_one_file_knows_htmx_and_one_how_a_cookie_is_made(file: str, words: str) -> None:
    knowing = {path for path in python_files("routes") if re.search(words, path.read_text("utf-8"), re.IGNORECASE)}
    assert {name_of(path) for path in knowing} == {f"routes/{file}"}


def test_time_comes_in_as_a_parameter() -> None:
    """`now` is handed down. One place reads this machine's clock: elsewhere it would be compared with another's."""
    for path in SOURCES:
        if name_of(path) == "db/clock.py":
            continue
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"datetime\.now\(|date\.today\(|time\.time\(|utcnow", source), name_of(path)


def test_every_change_of_what_a_customer_signs_in_by_raises_their_version() -> None:
    """Whatever was granted under the former password, phone or login is void by that (db/customers.py)."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in python_files("db", "domain", "routes"))
    statements = re.findall(r'"UPDATE customers SET ([^"]*?)(?: WHERE [^"]*)?"', source)
    changing = [one for one in statements if re.search(r"\b(?:password|phone|login)(?:_hash)? = ", one)]
    assert len(changing) >= 4
    # The password of an SMS is used up by the one sign-in it was for: nothing takes its place yet.
    spent = {"password_hash = NULL"}
    assert [one for one in changing if "credentials = credentials + 1" not in one and one not in spent] == []
    imported = importlib.import_module("db.customers_plan").CUSTOMERS.staged
    assert {"password_hash", "password_until", "login", "login_hash"} & imported.keys() == set()


def test_files_are_short_or_say_why() -> None:
    long = {
        name_of(path)
        for path in [*SOURCES, *python_files("tests")]
        if len(path.read_text(encoding="utf-8").splitlines()) > LIMIT
    }
    assert long - set(LONGER) == set(), "shorten it, or give the reason in LONGER"
    assert {name for name in LONGER if not (ROOT / name).is_file()} == set()


def test_no_name_says_nothing() -> None:
    empty = re.compile(r"(^|_)(utils?|helpers?|common|manager|service|base)(_|$)")
    for path in [*SOURCES, *python_files("tests"), *TEMPLATES]:
        if path == ROOT / "templates" / "messages" / "base.html":
            continue  # what the e-mails have in common is their frame
        assert not empty.search(path.stem), name_of(path)


def test_tests_neither_sleep_nor_skip_nor_patch_our_code() -> None:
    for path in python_files("tests"):
        if path == Path(__file__):
            continue
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"pytest\.skip|mark\.skip|mark\.xfail|unittest\.mock|mock\.patch", source), name_of(path)
        # Unless the line says why nothing else tells.
        assert not re.search(r"time\.sleep\([^)]*\)(?!  # )", source), name_of(path)


def test_no_file_names_this_machine_or_a_package_index() -> None:
    wrong = re.compile(r"/root/|/home/\w+/|--index-url|extra-index-url =|pypi\.org/simple")
    for path in [
        *SOURCES,
        *python_files("tests"),
        ROOT / "pyproject.toml",
        ROOT / "requirements.lock",
        ROOT / "requirements-dev.lock",
        ROOT / "Makefile",
    ]:
        if path == Path(__file__):
            continue
        found = wrong.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{name_of(path)}: {found and found[0]}"


def test_what_a_lock_pins_is_installed_without_resolving() -> None:
    """pip's resolver may come to a package by an extra before the line with its hashes, and refuses it then."""
    installs = [
        line
        for path in (ROOT / "Makefile", *(ROOT / "docs").glob("*.md"), *(ROOT / "deploy").rglob("Containerfile"))
        for line in path.read_text("utf-8").splitlines()
        if "--require-hashes" in line
    ]
    assert len(installs) >= 5
    assert [line for line in installs if "--no-deps" not in line] == []
