"""What a browser needs to put the portal on a home screen, in the company's name and colours (W3C Web App Manifest).

Only pages of a customer who is signed in link to it: who opens the portal for the first time does not pay for it.
"""

from __future__ import annotations

import json
from typing import Any

from litestar import Response, get

from routes.catalogue import current
from routes.contrast import email_colours
from routes.page import ThisPage
from routes.templates import Templates


@get("/manifest.webmanifest", name="manifest")
async def show(page: ThisPage) -> Response[Any]:
    content = json.dumps(_manifest(page.templates), ensure_ascii=False)
    return Response(content, media_type="application/manifest+json", headers={"Cache-Control": "no-cache"})


def _manifest(templates: Templates) -> dict[str, Any]:
    said = templates.brand.texts(current())
    colours = email_colours(templates.design, templates.brand, "light")
    logo = {"src": templates.asset(said["logo"]), "type": said["logo_type"], "sizes": "any"}
    icon = {"src": templates.asset(said["icon"]), "type": "image/png"}
    return {
        "name": said["name"],
        "short_name": said["short_name"],
        "lang": current(),
        "start_url": "/",
        "display": "minimal-ui",
        "background_color": colours["page"],
        "theme_color": colours["page"],
        "icons": [icon, *([logo] if said["logo"].endswith(".svg") else [])],
    }


handlers = [show]
