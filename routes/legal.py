"""The texts a customer agrees to. Their hashes are recorded with the consent."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from litestar import Response, get

from domain.registration.progress import ConsentText
from routes.kept_pages import SAME_FOR_VISITORS
from routes.page import ThisPage
from routes.sources import TEMPLATES


def _consent_text() -> ConsentText:
    """Version and hash of the file that is shown; the version stands in its first comment."""
    source = (TEMPLATES / "partials/legal/personal-data-text.html").read_text(encoding="utf-8")
    version = re.search(r"version ([\w.-]+)", source)
    if version is None:
        raise RuntimeError("templates/partials/legal/personal-data-text.html: the first line names no version")
    return ConsentText(version[1], hashlib.sha256(source.encode()).hexdigest())


CONSENT = _consent_text()


@get("/personal-data", name="legal.personal-data", opt=SAME_FOR_VISITORS)
async def show_personal_data(page: ThisPage) -> Response[Any]:
    return page.show("legal/personal-data")


@get("/terms", name="legal.terms", opt=SAME_FOR_VISITORS)
async def show_terms(page: ThisPage) -> Response[Any]:
    return page.show("legal/terms")


handlers = [show_personal_data, show_terms]
