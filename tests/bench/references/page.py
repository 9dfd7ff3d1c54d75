"""**page**: Litestar with one plain Jinja page. `python -m tests.bench.references.page PORT BYTES`."""

from __future__ import annotations

import sys

from jinja2 import DictLoader, Environment
from litestar import Litestar, get
from litestar.contrib.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template.config import TemplateConfig

from tests.bench.references.serving import serve
from tests.bench.references.templates import page_source


@get("/")
async def show() -> Template:
    context = {"title": "Вход", "action": "/", "fields": ["phone"], "rows": [], "button": "Далее"}
    return Template("page.html", context=context)


def make_app(size: int) -> Litestar:
    environment = Environment(loader=DictLoader({"page.html": page_source(size)}), autoescape=True)
    engine = JinjaTemplateEngine.from_environment(environment)
    return Litestar([show], template_config=TemplateConfig(instance=engine), openapi_config=None)


if __name__ == "__main__":
    serve(make_app(int(sys.argv[2])), int(sys.argv[1]))
