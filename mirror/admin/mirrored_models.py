"""What the admins of mirrored models gain, so that the apps themselves need not know."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import (
    Case,
    CharField,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.module_loading import autodiscover_modules

from mirror.documents.registry import documents
from mirror.models import LedgerEntry
from mirror.staff.access import may_see

STATE = Case(
    When(revision__lte=F("mirrored_revision"), then=Value("mirrored")),
    When(parked_at=None, then=Value("pending")),
    default=Value("parked"),
    output_field=CharField(),
)


class MirrorStateFilter(admin.SimpleListFilter):
    """Rows by their state in the mirror."""

    title = "mirror"
    parameter_name = "mirror"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """Return the choices."""
        return [("mirrored", "Mirrored"), ("pending", "Pending"), ("parked", "Parked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Apply the choice."""
        return queryset.filter(mirror_state=self.value()) if self.value() else queryset


class MirroredAdmin(admin.ModelAdmin[Any]):
    """Adds the state of the row in the mirror to a model's admin, and a way to compare it."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read the state in the same query."""
        entry = LedgerEntry.objects.filter(
            model=self.model._meta.label_lower, object_id=Cast(OuterRef("pk"), TextField())
        )
        state = Subquery(entry.annotate(state_name=STATE).values("state_name")[:1])
        rows: QuerySet[Any] = super().get_queryset(request).annotate(mirror_state=state)
        return rows

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Show the state last."""
        return [*super().get_list_display(request), "mirror_state"]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Filter by the state last."""
        return [*super().get_list_filter(request), MirrorStateFilter]

    @admin.display(description="mirror", ordering="mirror_state", empty_value="never mirrored")
    def mirror_state(self, row: Any) -> str | None:
        """Return ``mirrored``, ``pending`` or ``parked``."""
        state: str | None = row.mirror_state
        return state

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Link the comparison, above whatever template the model's own admin uses."""
        answer = super().render_change_form(request, context, *args, **kwargs)
        row = kwargs.get("obj")
        if row is not None and may_see(request) and isinstance(answer, TemplateResponse):
            label = self.model._meta.label_lower
            own = answer.resolve_template(answer.template_name)
            answer.context_data = (answer.context_data or {}) | {
                "mirror_form": own,
                "mirror_compare": reverse("mirror:compare", args=[label, row.pk]),
            }
            answer.template_name = "admin/mirror/compare_link.html"
        return answer


def extend_admins(site: admin.AdminSite = admin.site) -> None:
    """Give the admin of every mirrored model the column and the filter."""
    autodiscover_modules("documents")  # the admin looks for admins before the mirror is ready
    for document in documents():
        model = document.mirror_options.model
        if site.is_registered(model):
            own = type(site.get_model_admin(model))
            site.unregister(model)
            site.register(model, type(f"Mirrored{own.__name__}", (MirroredAdmin, own), {}))
