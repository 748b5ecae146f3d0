"""Template filters for all pages: Markdown, times and numbers."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.web import markdown as renderer

register = template.Library()


@register.filter
def markdown(text: str, top_level: int = 3) -> SafeString:
    """Render Markdown; its highest headings get the level ``top_level``."""
    return renderer.render(text, top_level)


@register.filter
def first_words(text: str, length: int) -> str:
    """Return the beginning of a Markdown text as plain text, for lists and previews."""
    return renderer.first_words(text, length)


@register.filter
def last_characters(text: str, length: int) -> str:
    """Return the end of a text, from the beginning of a word on."""
    if len(text) <= length:
        return text
    end = text[-length:]
    return "…" + (end.partition(" ")[2] or end)


@register.filter
def lang(language: str) -> SafeString:
    """Return the attribute ``lang`` for an element with words in that language, if it is known."""
    return format_html(' lang="{}"', language) if language else SafeString("")


@register.simple_tag(takes_context=True)
def messages_at(context: template.Context, place: str) -> list[Message]:
    """Return the messages for a place of the page, named by ``extra_tags``; "" for its top."""
    messages = context.get("messages") or ()  # a page for an error has no request
    return [message for message in messages if message.extra_tags == place]


@register.filter
def clock(seconds: float) -> str:
    """Return a time or duration in seconds as ``1:02:03`` or ``2:03``."""
    minutes, whole_seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{whole_seconds:02}"
    return f"{minutes}:{whole_seconds:02}"


@register.filter
def thousands(number: int) -> str:
    """Return a number as ``12,345``."""
    return f"{number:,}"


@register.filter
def unlocalised(number: float) -> str:
    """Return a number with a decimal point, as HTML attributes need it in every language."""
    return f"{number:.1f}"


@register.filter
def get(values: Mapping[str, Any], key: str) -> Any:
    """Return the value for a key that is in a variable, or ``None``."""
    return values.get(key)
