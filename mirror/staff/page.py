"""The frame of the staff's pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


def page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """Render one of the mirror's pages in the admin's frame."""
    whole = {**admin.site.each_context(request), **context}
    return TemplateResponse(request, f"admin/mirror/{name}.html", whole)
