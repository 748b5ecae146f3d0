"""The frame that all pages for staff share."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


def page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """Render the template ``name`` within the admin's header and navigation."""
    full_context = {**admin.site.each_context(request), **context}
    return TemplateResponse(request, f"admin/mirror/{name}.html", full_context)
