"""Which colours must be told apart, and whether those of a brand can be (WCAG 2.2, level AA)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from routes.brand import Brand, line_of
from routes.design import BRAND, Design
from routes.slips import Slip
from routes.tokens import THEMES, Colour, InvalidColourError, Theme, as_hex, colour, contrast, declared, with_tokens

STYLESHEET = "portal.css"
# 1.4.3 for text; 1.4.11 for borders of controls and the focus ring.
TEXT, CONTROL = 4.5, 3.0
_GROUNDS = ("page", "sheet", "tint")
OF_TEXT = (
    *((ink, ground) for ink in ("ink", "ink-soft", "brand", "brand-strong") for ground in _GROUNDS),
    *((mood, ground) for mood in ("bad", "good") for ground in ("page", "sheet", f"{mood}-tint")),
    ("ink", "bad-tint"),
    ("ink", "good-tint"),
    ("on-brand", "brand"),
    ("on-brand", "brand-strong"),
    # The mark before an error, and a button that takes something away.
    ("sheet", "bad"),
    ("on-card", "card"),
    ("on-card", "card-deep"),
)
OF_CONTROLS = tuple((line, ground) for line in ("control", "focus", "bad", "brand") for ground in ("page", "sheet"))
# The tokens that e-mails have, and what stands on what there.
IN_EMAILS = ("page", "sheet", "ink", "ink-soft", "brand", "on-brand", "line")
_OF_EMAILS = (
    ("ink", "sheet"),
    ("ink", "page"),
    ("ink-soft", "sheet"),
    ("ink-soft", "page"),
    ("brand", "sheet"),
    ("on-brand", "brand"),
)


def email_colours(design: Design, brand: Brand, theme: Theme) -> dict[str, str]:
    """The colours of e-mails, which know no tokens: `{{ light.ink_soft }}` is a number."""
    return {name.replace("-", "_"): as_hex(value) for name, value in _of_emails(design, brand, theme).items()}


def low_contrasts(design: Design, brand: Brand) -> Iterator[Slip]:
    """Colours that cannot be told apart, and those that cannot be read."""
    sheet = design.asset(STYLESHEET)
    tokens = _tokens(design, brand)
    pairs = [*((one, TEXT) for one in OF_TEXT), *((one, CONTROL) for one in OF_CONTROLS)]
    yield from _unknown(design, "colours", brand.colours, tokens)
    yield from _unknown(design, "email_colours", brand.email_colours, IN_EMAILS)
    try:
        for theme in THEMES:
            shown = {name: colour(tokens[name], theme, tokens) for pair, _ in pairs for name in pair}
            yield from (_slip(design, "colours", theme, *one) for one in _low(shown, pairs))
            emails = [(pair, TEXT) for pair in _OF_EMAILS]
            yield from (
                _slip(design, "email_colours", theme, *one) for one in _low(_of_emails(design, brand, theme), emails)
            )
    except KeyError as error:
        yield Slip(design.shown(sheet), 0, f"has no token --{error.args[0]}")
    except InvalidColourError as error:
        yield Slip(design.shown(sheet), 0, str(error))


def _unknown(design: Design, table: str, named: Iterable[str], known: Collection[str]) -> Iterator[Slip]:
    path = design.template(BRAND)
    for name in named:
        if name not in known:
            line = line_of(f"{table}.{name}", path.read_text(encoding="utf-8"))
            yield Slip(design.shown(path), line, f"{table}.{name}: there is no such colour")


def _low(
    shown: Mapping[str, Colour], pairs: list[tuple[tuple[str, str], float]]
) -> Iterator[tuple[str, str, float, float]]:
    for (above, below), least in pairs:
        ratio = contrast(shown[above], shown[below])
        if ratio < least:
            yield above, below, ratio, least


def _slip(design: Design, table: str, theme: Theme, above: str, below: str, ratio: float, least: float) -> Slip:
    path = design.template(BRAND)
    source = path.read_text(encoding="utf-8")
    # The colour itself, where the brand names one of the two.
    named = [f"{table}.{name}" for name in (above, below) if line_of(f"{table}.{name}", source)]
    key = named[0] if named else "hue"
    told = f"{above} on {below} has a contrast of {ratio:.2f} in the {theme} theme, less than {least}"
    return Slip(design.shown(path), line_of(key, source), f"{key}: {told}")


def _of_emails(design: Design, brand: Brand, theme: Theme) -> dict[str, Colour]:
    tokens = {**_tokens(design, brand), **brand.email_colours}
    return {name: colour(tokens[name], theme, tokens) for name in IN_EMAILS}


def _tokens(design: Design, brand: Brand) -> dict[str, str]:
    css = design.asset(STYLESHEET).read_text(encoding="utf-8")
    return declared(with_tokens(css, brand.tokens()))
