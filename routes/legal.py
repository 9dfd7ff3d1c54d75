"""The texts a customer agrees to. Their hashes are recorded with the consent; the texts are kept in the ledger."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from litestar import Response, get

from domain.consents import ConsentText, LegalText
from routes.catalogue import use_language
from routes.design import ORIGINAL
from routes.kept_pages import SAME_FOR_VISITORS
from routes.page import ThisPage
from routes.slips import Slip, SlipError
from routes.templates import Templates

# Of each kind, the text alone, as it is the same on every page.
_TEXTS = {"personal-data": "partials/legal/personal-data-text.html", "terms": "partials/legal/terms-text.html"}


def consent_text(templates: Templates) -> ConsentText:
    """Version and hash of the Russian text as it is shown; the version stands in its file's first comment."""
    text = _legal_text(templates, "personal-data")
    return ConsentText(text.version, text.sha256)


def legal_texts(templates: Templates) -> Sequence[LegalText]:
    """Raises `SlipError` where one cannot be recorded."""
    return [_legal_text(templates, kind) for kind in _TEXTS]


def _legal_text(templates: Templates, kind: str) -> LegalText:
    source = templates.design.template(_TEXTS[kind])
    version = re.search(r"version ([\w.-]+)", source.read_text(encoding="utf-8"))
    if version is None:
        raise SlipError([Slip(templates.design.shown(source), 1, "the first line names no version")])
    with use_language(ORIGINAL):
        shown = templates.render(_TEXTS[kind], {})
    return LegalText(kind, version[1], hashlib.sha256(shown.encode()).hexdigest(), shown)


@get("/personal-data", name="legal.personal-data", opt=SAME_FOR_VISITORS)
async def show_personal_data(page: ThisPage) -> Response[Any]:
    return page.show("legal/personal-data")


@get("/terms", name="legal.terms", opt=SAME_FOR_VISITORS)
async def show_terms(page: ThisPage) -> Response[Any]:
    return page.show("legal/terms")


handlers = [show_personal_data, show_terms]
