"""The colours of `portal.css` as numbers: for e-mails, which know no tokens, and for the check of their contrast.

A token's value is what the stylesheets of the portal use: `#rrggbb`, `oklch(47% .15 var(--hue))`, `var(--ink)`, or two
of them as `light-dark(…, …)`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
# Red, green and blue from 0 to 1, as a screen takes them.
Colour = tuple[float, float, float]

_DECLARED = re.compile(r"--([\w-]+):\s*([^;{}]+);")
_PAIR = re.compile(r"light-dark\(((?:[^(),]|\([^()]*(?:\([^()]*\)[^()]*)*\))+),(.+)\)", re.DOTALL)
_OKLCH = re.compile(r"oklch\(\s*([\d.]+)%\s+([\d.]+)\s+([\d.]+)\s*\)")


class InvalidColourError(ValueError):
    """A value that is none of those above."""


def declared(css: str) -> dict[str, str]:
    """The tokens of a stylesheet, as they stand there."""
    return {name: value.strip() for name, value in _DECLARED.findall(re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))}


def with_tokens(css: str, changed: Mapping[str, str]) -> str:
    """The stylesheet with other values of some tokens."""
    return _DECLARED.sub(lambda found: f"--{found[1]}: {changed[found[1]]};" if found[1] in changed else found[0], css)


def is_colour(value: str) -> None:
    """Raises `InvalidColourError`."""
    for theme in THEMES:
        colour(value, theme, {"hue": "0"})


def colour(value: str, theme: Theme, tokens: Mapping[str, str]) -> Colour:
    """What a value is in a theme. Raises `InvalidColourError`."""
    value = value.strip()
    if pair := _PAIR.fullmatch(value):
        return colour(pair[1 if theme == "light" else 2], theme, tokens)
    if (named := re.fullmatch(r"var\(--([\w-]+)\)", value)) and named[1] in tokens:
        return colour(tokens[named[1]], theme, {name: one for name, one in tokens.items() if name != named[1]})
    if hexadecimal := re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", value):
        digits = hexadecimal[1] if len(hexadecimal[1]) == 6 else "".join(digit * 2 for digit in hexadecimal[1])
        red, green, blue = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
        return red, green, blue
    if polar := _OKLCH.fullmatch(re.sub(r"var\(--hue\)", tokens.get("hue", ""), value)):
        return _from_oklch(float(polar[1]) / 100, float(polar[2]), float(polar[3]))
    raise InvalidColourError(f"{value} is no colour such as #0859ac or light-dark(#0859ac, #8ab4f8)")


def as_hex(value: Colour) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in value)


def contrast(one: Colour, other: Colour) -> float:
    """The ratio of WCAG 2.2, "contrast ratio"."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(value: Colour) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in value]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def _from_oklch(lightness: float, chroma: float, hue: float) -> Colour:
    """As browsers do it: CSS Color 4, 18 (sample code), and what a screen cannot show is cut off."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377773761749 * a + 0.2158037573099136 * b) ** 3
    middle = (lightness - 0.1055613458156586 * a - 0.0638541728258133 * b) ** 3
    short = (lightness - 0.0894841775298119 * a - 1.2914855480194092 * b) ** 3
    linear = (
        4.0767416360759574 * long - 3.3077115392580616 * middle + 0.2309699031821044 * short,
        -1.2684379732850317 * long + 2.6097573492876887 * middle - 0.3413193760026573 * short,
        -0.0041960761386756 * long - 0.7034186179359362 * middle + 1.7076146940746117 * short,
    )
    red, green, blue = (_encoded(min(1.0, max(0.0, part))) for part in linear)
    return red, green, blue


def _encoded(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
