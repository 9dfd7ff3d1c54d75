"""What is asked of a brand beyond its file: contrast, SMS that fit, a consent that can be recorded. At start, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from domain.delivery.channels.gsm7 import fits_gsm7, gsm7_signs
from domain.delivery.messages import MESSAGES, Message
from domain.values.phones import mask_phone
from routes.brand import line_of
from routes.contrast import low_contrasts
from routes.design import BRAND
from routes.legal import legal_texts
from routes.message_texts import MessageTexts
from routes.slips import Slip, SlipError
from routes.template_slips import slips_into
from routes.templates import Templates
from settings import Settings

# What one SMS holds, by the alphabet that its signs need.
_GSM_LENGTH, _UCS2_LENGTH = 160, 70
# As long as the name of a gateway can be.
_GATEWAY = "x" * 50


def require_brand(templates: Templates, messages: MessageTexts, settings: Settings) -> None:
    """Raises `SlipError` with everything that `brand_slips` finds."""
    if slips := list(brand_slips(templates, messages, settings)):
        raise SlipError(slips)


def brand_slips(templates: Templates, messages: MessageTexts, settings: Settings) -> Iterator[Slip]:
    yield from low_contrasts(templates.design, templates.brand)
    yield from _long_sms(templates, messages, settings)
    try:
        legal_texts(templates)
    except SlipError as error:
        yield from error.slips


def made_up(templates: Templates) -> Iterator[Slip]:
    """What the brand still has of a fictitious company: customers must read neither its number nor its operator."""
    path, brand = templates.design.template(BRAND), templates.brand
    source = path.read_text(encoding="utf-8")
    found = {
        "phone": re.fullmatch(r"\+7\d{3}0+", brand.phone_link),
        # Names that nobody can have: RFC 2606.
        "support": re.search(r"[@.](example\.(com|net|org)|example|test|invalid)$", brand.support),
        "operator_registration": any(re.search(r"\b0{9,}", text) for text in brand.operator_registration.values()),
        "operator_address": any(re.match(r"0{4}", text) for text in brand.operator_address.values()),
    }
    for key in (key for key, is_made_up in found.items() if is_made_up):
        said = f"{key}: is that of the fictitious company; customers read it, and the consent names it"
        yield Slip(templates.design.shown(path), line_of(key, source), said)


def sms_room(text: str) -> tuple[int, int]:
    """How many units a text takes, and how many one SMS has for it."""
    if fits_gsm7(text):
        return sum(map(len, gsm7_signs(text))), _GSM_LENGTH
    return len(text.encode("utf-16-be")) // 2, _UCS2_LENGTH


def longest(message: type[Message], settings: Settings) -> Mapping[str, Any]:
    """The values of a message by SMS that take the most room."""
    lifetime = message.lifetime if isinstance(message.lifetime, int) else getattr(settings, message.lifetime)
    known = {
        "code": "4" * settings.code_digits,
        "good_for": lifetime,
        "new_phone": mask_phone("+375291234567"),
        "gateway": _GATEWAY,
    }
    return {name: known.get(name, value) for name, value in message.example.items()}


def _long_sms(templates: Templates, messages: MessageTexts, settings: Settings) -> Iterator[Slip]:
    brand = templates.design.template(BRAND)
    for message in MESSAGES:
        for language in templates.design.languages if message.kind == "sms" else ():
            told: dict[Slip, None] = {}
            with slips_into(told, templates.design):
                taken, room = sms_room(messages(message.name, longest(message, settings), language).text)
                if taken > room:
                    line = line_of("sms_name", brand.read_text(encoding="utf-8"))
                    said = f"sms_name: the SMS {message.name} takes {taken} of {room} characters in {language!r}"
                    told[Slip(templates.design.shown(brand), line, said)] = None
            yield from told
