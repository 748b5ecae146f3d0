"""Adds the state in the mirror to the admins of mirrored models, without a change in their apps."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.module_loading import autodiscover_modules

from mirror.admin.tables import StateFilter
from mirror.documents.registry import documents
from mirror.models import LedgerEntry
from mirror.staff.access import may_see


class MirrorStateFilter(StateFilter):
    """Rows by their state in the mirror."""

    title = "mirror"
    parameter_name = "mirror"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Apply the choice."""
        return queryset.filter(mirror_state=self.value()) if self.value() else queryset


class MirroredAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic only in its stubs
    """Adds to a model's admin a column and a filter for the state, and a link to *Compare*."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read the state of each row in the same query."""
        entry: QuerySet[Any] = LedgerEntry.objects.filter(
            model=self.model._meta.label_lower, object_id=Cast(OuterRef("pk"), TextField())
        ).with_state()
        state = Subquery(entry.values("state_name")[:1])
        rows: QuerySet[Any] = super().get_queryset(request).annotate(mirror_state=state)
        return rows

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Append the column."""
        return [*super().get_list_display(request), "mirror_state"]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Append the filter."""
        return [*super().get_list_filter(request), MirrorStateFilter]

    @admin.display(description="mirror", ordering="mirror_state", empty_value="never mirrored")
    def mirror_state(self, row: Any) -> str | None:
        """Return the state of the row; None if the ledger has no entry for it."""
        state: str | None = row.mirror_state
        return state

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Link *Compare*, in a template that extends the one that the model's own admin uses."""
        response = super().render_change_form(request, context, *args, **kwargs)
        row = kwargs.get("obj")
        if row is not None and may_see(request) and isinstance(response, TemplateResponse):
            label = self.model._meta.label_lower
            template = response.resolve_template(response.template_name)
            response.context_data = (response.context_data or {}) | {
                "mirror_form": template,
                "mirror_compare": reverse("mirror:compare", args=[label, row.pk]),
            }
            response.template_name = "admin/mirror/compare_link.html"
        return response


def extend_admins(site: admin.AdminSite = admin.site) -> None:
    """Register the admin of every mirrored model anew, with ``MirroredAdmin`` mixed in."""
    # The admin imports this before MirrorConfig.ready, and maybe before other apps' admins.
    autodiscover_modules("documents")
    autodiscover_modules("admin", register_to=site)
    for document in documents():
        model = document.mirror_options.model
        if site.is_registered(model):
            own = type(site.get_model_admin(model))
            site.unregister(model)
            site.register(model, type(f"Mirrored{own.__name__}", (MirroredAdmin, own), {}))
