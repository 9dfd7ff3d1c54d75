"""The company as pages and messages name it, from `brand.toml`: `{{ brand.phone }}` in a template.

Its values never change while a template lives, so they are compiled into it (routes/translated.py).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, model_validator

from routes.design import BRAND, Design
from routes.slips import Slip, SlipError
from routes.tokens import InvalidColourError, is_colour

_NBSP = "\u00a0"
_SMALLEST_ICON = 192
_PNG = b"\x89PNG\r\n\x1a\n"


class BrandError(SlipError):
    """Everything that is wrong with `brand.toml`."""


def _one_line(text: str) -> str:
    if not text.strip() or re.search(r"[\x00-\x1f\x7f\u2028\u2029<>]", text):
        raise ValueError("is empty, or holds a line break or a mark of HTML")
    return text.strip()


def _in_every_language(texts: dict[str, str], info: ValidationInfo) -> dict[str, str]:
    languages = (info.context or {})["languages"]
    if missing := [language for language in languages if language not in texts]:
        raise ValueError(f"is missing in: {', '.join(missing)}")
    if unknown := [language for language in texts if language not in languages]:
        raise ValueError(f"has an unknown language: {', '.join(unknown)}")
    return texts


def _colour(value: str) -> str:
    try:
        is_colour(value)
    except InvalidColourError as error:
        raise ValueError(str(error)) from None
    return value


Line = Annotated[str, AfterValidator(_one_line)]
Said = Annotated[dict[str, Line], AfterValidator(_in_every_language)]
Colours = dict[str, Annotated[str, AfterValidator(_colour)]]


class Brand(BaseModel):
    """The keys of `brand.toml`; what each is for stands there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Said
    name: Said
    short_name: Said
    sms_name: Said
    phone: Line
    phone_link: Annotated[str, Field(pattern=r"^\+[0-9]{5,15}$")]
    hours: Said
    support: Annotated[str, Field(pattern=r"^[\w.+-]+@[\w-]+(\.[\w-]+)+$")]
    operator: Said
    operator_address: Said
    operator_registration: Said
    logo: Annotated[str, Field(pattern=r"^[\w./-]+\.(svg|png)$")]
    icon: Annotated[str, Field(pattern=r"^[\w./-]+\.png$")]
    hue: Annotated[float, Field(ge=0, lt=360)]
    colours: Colours = {}
    email_colours: Colours = {}

    @model_validator(mode="after")
    def _number(self) -> Brand:
        """Both forms of the number end with the same digits; before them a country writes 8, 00 or its code."""
        if re.sub(r"\D", "", self.phone)[-7:] != self.phone_link[-7:]:
            raise ValueError("phone_link: is another number than phone")
        return self

    def tokens(self) -> Mapping[str, str]:
        """What takes the place of the values in `portal.css`."""
        return {"hue": f"{self.hue:g}", **self.colours}

    def texts(self, language: str) -> dict[str, str]:
        """What templates get under the name `brand`."""
        said = {
            name: value[language] if isinstance(value, dict) else value
            for name, value in self
            if name not in {"hue", "colours", "email_colours"}
        }
        kind = "image/svg+xml" if self.logo.endswith(".svg") else "image/png"
        # A number is not broken in two, and keeps to what it counts.
        said = {name: re.sub(r"(?<=\d) ", _NBSP, text) for name, text in said.items()}
        return said | {"logo_type": kind}


def read_brand(design: Design) -> Brand:
    """Raises `BrandError` with everything that is wrong."""
    path = design.template(BRAND)
    source, shown = "", design.shown(path)
    try:
        source = path.read_text(encoding="utf-8")
        brand = Brand.model_validate(tomllib.loads(source), context={"languages": design.languages})
    except OSError as error:
        raise BrandError([Slip(shown, 0, f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise BrandError([Slip(shown, 0, "is not UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        line = int(found[1]) if found else len(source.splitlines())
        raise BrandError([Slip(shown, line, str(error).partition(" (at")[0])]) from None
    except ValidationError as error:
        raise BrandError([_slip_of(one, shown, source) for one in error.errors()]) from None
    missing = [
        Slip(shown, line_of(key, source), f"{key}: {said}")
        for key, name in (("logo", brand.logo), ("icon", brand.icon))
        if (said := _wrong_picture(design.asset(name), small=key == "logo"))
    ]
    if missing:
        raise BrandError(missing)
    return brand


def line_of(key: str, source: str) -> int:
    """Where `brand.toml` says it; 0 where it does not."""
    table, _, name = key.rpartition(".")
    within = ""
    for number, line in enumerate(source.splitlines(), 1):
        if header := re.match(r"\s*\[([\w-]+)\]", line):
            within = header[1]
        elif within == table and re.match(rf'\s*"?{re.escape(name)}"?\s*=', line):
            return number
    # A value within braces stands where its key does.
    return line_of(table, source) if table else 0


def _slip_of(error: Any, file: str, source: str) -> Slip:
    key = ".".join(map(str, error["loc"]))
    told = error["msg"].removeprefix("Value error, ")
    said = {"missing": "is missing", "extra_forbidden": "is no key of a brand"}.get(error["type"], told)
    return Slip(file, line_of(key, source), f"{key}: {said}" if key else said)


def _wrong_picture(path: Path, *, small: bool) -> str:
    if not path.is_file():
        return f"there is no such file: static/{path.name}"
    if path.suffix == ".svg":
        return ""
    head = path.read_bytes()[:24]
    if not head.startswith(_PNG):
        return f"is no PNG: static/{path.name}"
    width, height = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if not small and (width != height or width < _SMALLEST_ICON):
        return f"is {width} x {height} px; write a square one of at least {_SMALLEST_ICON} px: static/{path.name}"
    return ""
