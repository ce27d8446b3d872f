"""Pages for people: templates in `texts/`, without scripts of anybody's.

On this origin lives the codec's cookie: a script from elsewhere could read names with it.
"""

from __future__ import annotations

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader
from markdown_it import MarkdownIt

TEMPLATES = Environment(
    loader=PackageLoader("redress.api", "texts"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
TEMPLATES.policies["json.dumps_kwargs"] = {"ensure_ascii": False}

_MARKDOWN = MarkdownIt("js-default", {"linkify": False})
"""CommonMark and tables. HTML in a text is escaped, so what comes out is safe to show."""

TEMPLATES.filters["markdown"] = _MARKDOWN.render
TEMPLATES.filters["markdown_line"] = _MARKDOWN.renderInline

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)


def page(
    name: str, status: int = 200, headers: dict[str, str] | None = None, **values: object
) -> HTMLResponse:
    """A page of the template `name`."""
    content = TEMPLATES.get_template(f"{name}.html").render(values)
    return HTMLResponse(content, status, {"Content-Security-Policy": POLICY} | (headers or {}))
