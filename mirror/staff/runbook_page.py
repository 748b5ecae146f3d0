"""The runbook as a page: whoever reads the verdict may see no files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mirror.staff.access import staff_page
from mirror.staff.page import page
from mirror.verify.steps import RUNBOOK, anchor

TITLE = 3  # tokens: the page has a title of its own
FRAME = '<div class="mirror-scroll" tabindex="0" role="region" aria-label="{}">\n'

_parser = MarkdownIt("commonmark", {"html": False}).enable("table")


@staff_page
@require_safe
def runbook(request: HttpRequest) -> HttpResponse:
    """Show the runbook, with its contents and an anchor for each heading."""
    return page(request, "runbook", {"title": "Runbook", **_rendered()})


@cache
def _rendered() -> dict[str, SafeString]:
    """Return the contents and the text as HTML. The file comes with the code."""
    tokens = _parser.parse(RUNBOOK.read_text(encoding="utf-8"))[TITLE:]
    entries = (
        f"{'  ' * (int(token.tag[1:]) - 2)}- [{inline.content}](#{anchor(inline.content)})"
        for token, inline in pairwise(tokens)
        if token.type == "heading_open"
    )
    return {"contents": _html(_parser.parse("\n".join(entries))), "text": _html(_framed(tokens))}


def _framed(tokens: list[Token]) -> Iterator[Token]:
    """Give each heading its anchor, and each table a frame in which it scrolls."""
    heading = ""
    for token, following in pairwise([*tokens, Token("", "", 0)]):
        if token.type == "heading_open":
            heading = following.content
            token.attrSet("id", anchor(heading))
        if token.type == "table_open":
            yield Token("html_block", "", 0, content=format_html(FRAME, heading))
        yield token
        if token.type == "table_close":
            yield Token("html_block", "", 0, content="</div>\n")


def _html(tokens: Iterable[Token]) -> SafeString:
    html: str = _parser.renderer.render([*tokens], _parser.options, {})
    return mark_safe(html)  # noqa: S308 - escaped by the parser
