"""The languages of the portal, to parametrise tests by."""

from __future__ import annotations

from routes.design import Design

LANGUAGES = Design().languages
