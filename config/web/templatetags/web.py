"""Template tags for every page: Markdown, times and figures."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString

from config.web import markdown as renderer

HOUR = 3600
MINUTE = 60

register = template.Library()


@register.filter
def markdown(text: str, top_level: int = 3) -> SafeString:
    """Render Markdown; the highest heading becomes one of ``top_level``."""
    return renderer.render(text, top_level)


@register.filter
def clock(seconds: float) -> str:
    """Return a time or length as ``1:02:03`` or ``2:03``."""
    whole = int(seconds)
    hours, minutes, rest = whole // HOUR, whole % HOUR // MINUTE, whole % MINUTE
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def thousands(number: int) -> str:
    """Return ``12,345``."""
    return f"{number:,}"


@register.filter
def unlocalised(number: float) -> str:
    """Return a number as HTML attributes want it, whatever the language."""
    return f"{number:.1f}"


@register.filter
def get(values: Mapping[str, Any], key: str) -> Any:
    """Look a key up."""
    return values.get(key)
