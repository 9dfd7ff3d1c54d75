"""Every state as the gallery lists it: by journey, in the order of its steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.delivery.messages import MESSAGES
from domain.registration.progress import REGISTRATION
from routes.design import Design
from routes.dev.message_states import message_states_of
from routes.dev.states import fragments, states_of
from routes.registration.account import FOLDER
from routes.slips import SlipError

_ACCOUNT = [f"{FOLDER}/{slug}" for slug in REGISTRATION.slugs]
_CARD = ["card", "sent", "phone", "done", "password", "registered", "known", "login-taken", "link-invalid"]
# A journey's title, how its fragments begin, and the order of those whose order matters. The first that fits counts.
_JOURNEYS: Sequence[tuple[str, Sequence[str], Sequence[str]]] = (
    ("Вход", ["sign_in/"], ["sign_in/phone", "sign_in/login", "sign_in/password"]),
    ("Новый пароль", ["recovery/"], ["recovery/phone", "recovery/code", "recovery/password"]),
    ("Регистрация по лицевому счету", ["registration/choice", f"{FOLDER}/"], ["registration/choice", *_ACCOUNT]),
    ("Регистрация по карте", ["registration/card/"], [f"registration/card/{slug}" for slug in _CARD]),
    ("Подтверждение почты", ["email/"], []),
    ("Безопасность", ["profile/security/", "profile/deletion"], ["profile/security/overview"]),
    ("Кабинет", ["profile/"], ["profile/overview"]),
    ("Сотрудники", ["staff/"], ["staff/sign-in", "staff/factor", "staff/setup", "staff/recovery-codes"]),
    ("Документы и ошибки", ["legal/", "fault"], []),
    ("Для разработки", ["dev/"], []),
)
_OTHERS = "Остальное"
MESSAGES_TITLE = "Письма и СМС"


@dataclass(frozen=True)
class Shown:
    """`of` is its fragment or message, `number` its place there, `part` html or text of a message."""

    of: str
    number: int
    name: str
    has_errors: bool = False
    part: str = ""


@dataclass(frozen=True)
class Group:
    """The states of one fragment or message, or what is wrong with its file of states."""

    journey: str
    of: str
    states: Sequence[Shown]
    wrong: str = ""


def groups(design: Design) -> list[Group]:
    """In the order in which they are shown."""
    return [*(_of_fragment(fragment, design) for fragment in ordered(fragments(design))), *_of_messages(design)]


def ordered(names: Sequence[str]) -> list[str]:
    def place(name: str) -> tuple[int, int, str]:
        at = next((at for at, (_, begins, _) in enumerate(_JOURNEYS) if name.startswith(tuple(begins))), len(_JOURNEYS))
        order = list(_JOURNEYS[at][2]) if at < len(_JOURNEYS) else []
        return at, order.index(name) if name in order else len(order), name

    return sorted(names, key=place)


def journey_of(fragment: str) -> str:
    return next((title for title, begins, _ in _JOURNEYS if fragment.startswith(tuple(begins))), _OTHERS)


def _of_fragment(fragment: str, design: Design) -> Group:
    try:
        states = states_of(fragment, design)
    except SlipError as error:
        # The others are shown all the same.
        return Group(journey_of(fragment), fragment, [], str(error))
    shown = [Shown(fragment, number, state.name, state.has_errors) for number, state in enumerate(states)]
    return Group(journey_of(fragment), fragment, shown)


def _of_messages(design: Design) -> Iterator[Group]:
    for message in MESSAGES:
        parts = ("html", "text") if message.kind == "email" else ("text",)
        try:
            states = message_states_of(message.name, design)
        except SlipError as error:
            yield Group(MESSAGES_TITLE, message.name, [], str(error))
            continue
        shown = [
            Shown(message.name, number, state.name, part=part) for number, state in enumerate(states) for part in parts
        ]
        yield Group(MESSAGES_TITLE, message.name, shown)
