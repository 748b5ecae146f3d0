"""The pages for staff: whether they have addresses, and whether anything leads to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.urls import NoReverseMatch, resolve, reverse

from mirror.documents import registry

LINE = 'path("admin/mirror/", include("mirror.urls"))'


@register(Tags.admin)  # not "mirror": no worker and no check needs the pages
def check_pages(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E025: no address. W027: a model that has no admin, and so no link to *Compare*."""
    if not apps.is_installed("django.contrib.admin") or not getattr(settings, "ROOT_URLCONF", ""):
        return []
    problems: list[CheckMessage] = []
    try:
        reached = resolve(reverse("mirror:dashboard")).namespace == "mirror"
    except NoReverseMatch:
        reached = False
    if not reached:
        problems.append(
            Error(
                "The mirror's pages in the admin cannot be reached.",
                hint=f"Write {LINE} in urlpatterns, before the admin's own line.",
                id="mirror.E025",
            )
        )
    for document in registry.documents():
        model = document.mirror_options.model
        if not admin.site.is_registered(model):
            problems.append(
                Warning(
                    f"{model._meta.label_lower} has no admin, so nothing shows the state of its"
                    " rows or links to Compare.",
                    hint=f"Write admin.site.register({model.__name__}) in the app's admin.py.",
                    obj=model,
                    id="mirror.W027",
                )
            )
    return problems
