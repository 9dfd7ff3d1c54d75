"""One addition of each kind: its places, each with what is written there, and which check must miss it without.

A change puts `text` before the only `anchor` in `file`, or makes the file where there is no anchor.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    file: str
    text: str
    anchor: str = ""
    # Where the place has several files: what a line must hold that misses this one alone.
    missed: str = ""


@dataclass(frozen=True)
class Place:
    """`missed` is what a line of the check must hold where this place is left out."""

    changes: tuple[Change, ...]
    missed: str


@dataclass(frozen=True)
class Recipe:
    check: str
    places: dict[str, Place]


ACCOUNT = "registration/account"
STEP = Recipe(
    "steps",
    {
        "slug and progress": Place(
            (
                Change(
                    "domain/registration/progress.py",
                    "@dataclass(frozen=True)\nclass Contact:\n    way: str\n\n\n",
                    "@dataclass(frozen=True)\nclass SentRequest:",
                ),
                Change(
                    "domain/registration/progress.py",
                    "    contact: Contact | None = None\n",
                    "    password: Registered | None = None\n",
                ),
                Change("domain/registration/progress.py", '        Step("contact"),\n', '        Step("password"),\n'),
            ),
            "step contact: domain/registration/progress.py has no such Step",
        ),
        "route file": Place(
            (
                Change(
                    f"routes/{ACCOUNT}/contact.py",
                    '''"""How to reach the customer."""

from domain.registration import by_account
from domain.registration.progress import Contact
from routes.forms import Form, RequiredLine
from routes.journeys import Outcome
from routes.page import Page
from routes.registration.account import ADDRESSES, FOLDER
from routes.steps.form import FormStep, form_handlers


class ContactForm(Form):
    way: RequiredLine = ""


async def _send(page: Page, form: ContactForm) -> Outcome:
    return await by_account.give_contact(page.scope, Contact(form.way))


handlers = form_handlers(
    FormStep(
        addresses=ADDRESSES,
        slug="contact",
        name="registration.account.contact",
        fragment=f"{FOLDER}/contact",
        form=ContactForm,
        send=_send,
        checked=["way"],
    )
)
''',
                ),
            ),
            f"there is no routes/{ACCOUNT}/contact.py",
        ),
        "use case": Place(
            (
                Change("domain/registration/by_account.py", "    Contact,\n", "    GivenPhone,\n"),
                Change(
                    "domain/registration/by_account.py",
                    """async def give_contact(scope: Scope, contact: Contact) -> Session | NotNow:
    async def give(session: Session, progress: Registration) -> Session:
        return await REGISTRATION.save(scope, session, replace(progress, contact=contact))

    return await take_step(scope, REGISTRATION, "contact", give)


""",
                    "async def give_person(",
                ),
            ),
            "step contact: no use case in domain/registration/ takes it",
        ),
        "fragment and states": Place(
            (
                Change(
                    f"templates/partials/{ACCOUNT}/contact.html",
                    """{# How to reach the customer. Needs: form (way), place. #}
{% extends layout %}
{% block title %}{{ _("Комментарий") }}{% endblock %}
{% block step %}
<section class="step" id="registration-account-contact">
  {{ progress(place) }}
  {{ heading(form, _("Комментарий")) }}
  <form method="post" action="/registration/account/contact" novalidate>
    {% block way %}{{ field(form, "way", _("Комментарий"), required=true) }}{% endblock %}
    <button>{{ _("Далее") }}</button>
  </form>
</section>
{% endblock %}
""",
                ),
                Change(
                    f"templates/partials/{ACCOUNT}/contact.states.json",
                    '{"states": {"пусто": {}}}\n',
                    missed=f"there is no templates/partials/{ACCOUNT}/contact.states.json",
                ),
            ),
            f"there is no templates/partials/{ACCOUNT}/contact.html",
        ),
        "test": Place(
            (
                Change(
                    f"tests/routes/{ACCOUNT}/test_contact.py",
                    '''"""How to reach the customer."""

from domain.registration.progress import Contact
from tests.browser import Browser, location, path_of

TYPED = {"way": "Звоните"}
BROUGHT = Contact("Звоните")


async def test_contact_leads_to_the_password(client: Browser) -> None:
    await client.reach("contact")
    assert location(await client.submit("contact")) == path_of("password")
''',
                ),
            ),
            f"there is no tests/routes/{ACCOUNT}/test_contact.py",
        ),
    },
)
ERROR = Recipe(
    "errors",
    {
        "code": Place(
            (Change("domain/refusals.py", '    NAME_RESERVED = "name_reserved"\n', "    # What it means\n"),),
            "error name_reserved: is no Code in domain/refusals.py",
        ),
        "text": Place(
            (
                Change(
                    "templates/partials/errors.html",
                    '  "name_reserved": N_("Это имя занято"),\n',
                    '  "birth_date_wrong":',
                ),
            ),
            "error name_reserved: templates/partials/errors.html has no text for it",
        ),
        "where it is raised": Place(
            (
                Change(
                    "domain/registration/by_account.py",
                    "RESERVED = Refused(Code.NAME_RESERVED)\n",
                    'PURPOSE = Purpose("registration"',
                ),
            ),
            "error name_reserved: nothing refuses with Code.NAME_RESERVED",
        ),
    },
)
MESSAGE = Recipe(
    "messages",
    {
        "dataclass": Place(
            (
                Change(
                    "domain/delivery/messages.py",
                    '''@dataclass(frozen=True)
class DeviceEnded(Message):
    """To a customer who has ended another device's session."""

    name = "device-ended"
    kind = "email"
    lifetime = 3 * 86400
    example: ClassVar[Values] = {"first_name": "Анна"}

    first_name: TypedName


''',
                    "# A message is known by its line here.\nMESSAGES:",
                ),
                Change("domain/delivery/messages.py", "    DeviceEnded,\n", "    CardRegistration,\n"),
            ),
            "message device-ended: domain/delivery/messages.py has none for the folder",
        ),
        "folder": Place(
            (
                Change("templates/messages/device-ended/subject.txt", '{{ _("Войти в личный кабинет") }}\n'),
                Change(
                    "templates/messages/device-ended/email.html",
                    """{# needs: first_name #}
{% extends "base.html" %}
{% block title %}{{ _("Войти в личный кабинет") }}{% endblock %}
{% block body %}
  <h1>{{ greeting(first_name) }}</h1>
{% endblock %}
""",
                ),
                Change(
                    "templates/messages/device-ended/states.json",
                    '{"with": {"first_name": "Анна"}, "states": {"обычное": {}}}\n',
                ),
            ),
            "message device-ended: templates/messages/device-ended/ holds []",
        ),
        "where it is posted": Place(
            (
                Change(
                    "domain/profile/devices.py",
                    """

async def tell_of_the_end(scope: Any, first_name: str, email: str) -> int:
    from domain.delivery import messages, outbox

    return await outbox.post(scope, messages.DeviceEnded(first_name), email)
""",
                    "",
                ),
            ),
            "message device-ended: nothing posts DeviceEnded",
        ),
    },
)
CHANNEL = Recipe(
    "channels",
    {
        "file": Place(
            (
                Change(
                    "domain/delivery/channels/pager.py",
                    '''"""SMS by a pager."""

from typing import ClassVar
from urllib.parse import SplitResult

from domain.delivery.channels.channel import Begin, Kind, Outgoing, Receipts, Taken


class Pager:
    kind: ClassVar[Kind] = "sms"
    schemes: ClassVar[tuple[str, ...]] = ("pager",)
    setup: ClassVar[str] = "pager://host of the pager"

    def __init__(self, dsn: str, sender: str, receipts: Receipts | None = None) -> None:
        self.window = 1
        self.sent: list[Outgoing] = []

    @staticmethod
    def check(address: SplitResult, *, production: bool) -> None:
        if address.path:
            raise ValueError("a pager has no path")

    async def look(self) -> str:
        return "answers"

    async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
        await begin()
        self.sent.append(outgoing)
        return Taken()

    async def close(self) -> None:
        pass
''',
                ),
            ),
            "No module named 'domain.delivery.channels.pager'",
        ),
        "line": Place(
            (
                Change(
                    "domain/delivery/channels/__init__.py",
                    "from domain.delivery.channels.pager import Pager\n",
                    "from domain.delivery.channels.smtp",
                ),
                Change("domain/delivery/channels/__init__.py", "    Pager,\n", "    Smtp,\n"),
            ),
            "channel Pager of domain/delivery/channels/pager.py: CHANNELS",
        ),
    },
)
KIND = Recipe(
    "kinds",
    {
        "kind": Place(
            (
                Change(
                    "domain/registry/kinds.py",
                    """def _streets(shared: _Shared) -> tuple[Column, ...]:
    return Column("street", _one(_address), "is not a street"), Column("district", _one(_address), "is no district")


""",
                    "# Every kind, in the order",
                ),
                Change("domain/registry/kinds.py", '    "streets": (1, _streets),\n', "}\nKINDS = "),
            ),
            "kind streets: _KINDS in domain/registry/kinds.py does not list it",
        ),
        "table and migration": Place(
            (
                Change(
                    "db/tables.py",
                    '''class Street(Table, tablename="streets"):
    """Where a district is."""

    id = Serial(primary_key=True)
    street = Varchar(length=500, unique=True)
    district = Text()


''',
                    'class Bill(Table, tablename="bills"):',
                ),
                Change("db/tables.py", "TABLES += (Street,)\n", ""),
                Change(
                    "db/migrations/kabinet_streets.py",
                    '''"""Streets."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.engine import run

ID = "2099-01-01T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "streets"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kabinet", description=DESCRIPTION)

    async def create():
        await run("CREATE TABLE streets (id INTEGER PRIMARY KEY, street TEXT NOT NULL UNIQUE, district TEXT NOT NULL)")

    manager.add_raw(create)
    return manager
''',
                    missed="kind streets: no migration makes the table streets",
                ),
            ),
            "kind streets: db/tables.py has no table streets",
        ),
        "plan": Place(
            (
                Change(
                    "db/plans.py",
                    """STREETS = Plan(
    staged={"street": "text", "district": "text"},
    key=("street",),
    compared=("district",),
    table="streets",
    reads=("streets",),
    differences=(
        Difference(
            "added",
            "SELECT s.street, s.district FROM staged s"
            " WHERE NOT EXISTS (SELECT 1 FROM streets t WHERE t.street = s.street)",
        ),
    ),
    counts={"added": count("added")},
    steps=(
        Step(
            "added",
            ("INSERT INTO streets (street, district) SELECT d.street, d.district FROM added d WHERE {portion}",),
        ),
    ),
)

""",
                    "# The plan of every kind",
                ),
                Change("db/plans.py", 'PLANS |= {"streets": STREETS}\n', ""),
            ),
            "kind streets: PLANS in db/plans.py does not list it",
        ),
        "demo rows": Place(
            (
                Change(
                    "domain/registry/demo_company.py",
                    '    "streets": lambda _today: [{"street": street, "district": "Центр"} for street in _STREETS],\n',
                    "}\n\n\ndef _periods(",
                ),
            ),
            "kind streets: ROWS in domain/registry/demo_company.py does not list it",
        ),
    },
)
SETTING = Recipe(
    "settings",
    {
        "field": Place(
            (Change("settings.py", "    quiet_hours: Positive = 8\n", "    password_queue:"),),
            "setting quiet_hours: settings.py has no such field",
        ),
        "README row": Place(
            (
                Change(
                    "README.md", "| `KABINET_QUIET_HOURS` | 8 | hours without messages |\n", "| `KABINET_BODY_BYTES` |"
                ),
            ),
            "setting quiet_hours: README.md has no row for KABINET_QUIET_HOURS",
        ),
    },
)
RECIPES = {
    "a wizard step": STEP,
    "an error": ERROR,
    "a message": MESSAGE,
    "a delivery channel": CHANNEL,
    "a registry kind": KIND,
    "a setting": SETTING,
}


def left_out_of(recipe: Recipe) -> dict[str, tuple[Change, ...]]:
    """What is left out in turn: each place, and each file that a place could be made without."""
    return {name: place.changes for name, place in recipe.places.items()} | {
        change.file: (change,) for change in _alone(recipe)
    }


def missed_of(recipe: Recipe) -> dict[str, str]:
    """What a line must hold for each of them."""
    return {name: place.missed for name, place in recipe.places.items()} | {
        change.file: change.missed for change in _alone(recipe)
    }


def _alone(recipe: Recipe) -> list[Change]:
    return [change for place in recipe.places.values() for change in place.changes if change.missed]
