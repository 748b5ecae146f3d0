"""Renders Markdown from users as safe HTML."""

import nh3
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

LOWEST_HEADING = 6
MAX_RENDERED = 50_000  # characters, about 8,000 words; a longer text is shown as typed
TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code"),
    *("ul", "ol", "li", "strong", "em", "s", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
SIGNS = tuple(".!?…:;,")  # at the end of a block, where no dot is needed
CLOSING = "\"'”’»)]"  # may follow such a sign
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}

# The parser escapes HTML; nh3 sanitises what it returns, as a second line of defence.
_parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
_parser.enable(["table", "strikethrough"]).disable(["image"])


def render(text: str, top_level: int = 3) -> SafeString:
    """Return safe HTML. The highest headings of the text get the level ``top_level``."""
    if len(text) > MAX_RENDERED:
        return mark_safe(linebreaks(text, autoescape=True))  # noqa: S308 - escaped by linebreaks
    tokens = _parser.parse(text)
    _shift_headings(tokens, top_level)
    clean = nh3.clean(
        _parser.renderer.render(tokens, _parser.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    )
    return mark_safe(clean)  # noqa: S308 - cleaned in the line above


def first_words(text: str, length: int) -> str:
    """Return the beginning of a text without its Markdown, in one line: plain text, not HTML.

    A dot divides what would run together: a heading and what follows it, the items of a list.
    """
    plain = ""
    for token in _parser.parse(text[: 4 * length]):  # signs and addresses go: enough is left
        words = " ".join(_plain(token).split())
        if plain and words:
            plain += " " if plain.rstrip(CLOSING).endswith(SIGNS) else " · "
        plain += words
    if len(plain) <= length:
        return plain
    whole_words = plain[:length].rpartition(" ")[0].removesuffix(" ·")
    return f"{whole_words or plain[:length]}…"


def _plain(token: Token) -> str:
    """Return the text of a block without Markdown; nothing for a token that only opens or ends."""
    if token.children is None:
        return token.content
    return "".join(
        " " if inner.type in {"softbreak", "hardbreak"} else inner.content
        for inner in token.children
    )


def _shift_headings(tokens: list[Token], top_level: int) -> None:
    """Number heading levels from ``top_level`` on, without gaps, as screen readers expect them."""
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    open_levels: list[int] = []
    for token in headings:
        level = int(token.tag[1:])
        if token.type == "heading_open":
            while open_levels and open_levels[-1] >= level:
                open_levels.pop()
            open_levels.append(level)
        token.tag = f"h{min(top_level + len(open_levels) - 1, LOWEST_HEADING)}"
