"""One page for both references: a form with a filled-in title, as long as the portal's welcome page."""

from __future__ import annotations

_PAGE = """\
<!DOCTYPE html>
<html lang="ru">
<head><meta charset="utf-8"><title>{{ title }}</title></head>
<body>
<main>
<h1>{{ title }}</h1>
{% for row in rows %}
<p>{{ row }}</p>
{% endfor %}
<form method="post" action="{{ action }}">
{% for name in fields %}
<p><label for="{{ name }}">{{ name }}</label><input id="{{ name }}" name="{{ name }}" autocomplete="off"></p>
{% endfor %}
<button>{{ button }}</button>
</form>
</main>
"""
_END = "</body>\n</html>\n"


def page_source(size: int) -> str:
    """The template of a page of about `size` bytes."""
    line = "<p>Reference text as long as that of the portal's page.</p>\n"
    missing = max(size - len(_PAGE) - len(_END), 0)
    return _PAGE + line * (missing // len(line)) + _END
