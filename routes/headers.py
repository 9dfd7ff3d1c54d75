"""Security headers of every answer, the errors of the router included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from routes.own_path import without_token

Headers = list[tuple[bytes, bytes]]
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; media-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The gallery shows fragments in frames; it does not exist in production.
POLICY_OF_THE_GALLERY = _POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'; frame-src 'self'")
# What belongs to a customer who is signed in names the manifest (routes/manifest.py): no other page does.
_POLICY_OF_THE_PROFILE = _POLICY.replace("media-src 'self'", "manifest-src 'self'; media-src 'self'")
_PROFILE = "/profile"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class SecurityHeaders:
    """Made once; an answer that has one of its own keeps it."""

    def __init__(self, *, production: bool) -> None:
        always = dict(_HEADERS)
        if production:
            always["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        self._always = _raw({**always, "Content-Security-Policy": _POLICY})
        # The address holds the token of a link. The pages behind it have addresses of their own and keep `same-origin`:
        # a form on a page without referrer sends `Origin: null`, and a browser without Sec-Fetch-Site would be refused.
        self._of_links = _raw({**always, "Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"})
        self._of_the_gallery = _raw({**always, "Content-Security-Policy": POLICY_OF_THE_GALLERY})
        self._of_the_profile = _raw({**always, "Content-Security-Policy": _POLICY_OF_THE_PROFILE})
        self._production = production

    def add_to(self, headers: Headers, path: str, links: Iterable[str]) -> None:
        ours: Sequence[tuple[bytes, bytes]] = self._always
        if without_token(path, links) != path:
            ours = self._of_links
        elif path.startswith(_PROFILE):
            ours = self._of_the_profile
        elif not self._production and path.startswith("/dev/gallery"):
            ours = self._of_the_gallery
        named = {name for name, _ in headers}
        headers += [pair for pair in ours if pair[0] not in named]


def add_vary(headers: Headers, names: bytes) -> None:
    for place, (name, value) in enumerate(headers):
        if name == b"vary":
            if names not in value:
                headers[place] = (name, value + b", " + names)
            return
    headers.append((b"vary", names))


def _raw(headers: dict[str, str]) -> Headers:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
