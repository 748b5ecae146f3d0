"""The mirror in the admin: the state of each mirrored row, and the ledger.

The admins of mirrored models gain a column here, so that the apps themselves need not know.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import (
    Case,
    CharField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.module_loading import autodiscover_modules

from mirror.models import LedgerEntry, Outage
from mirror.registry import documents

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
    """Adds the state of the row in the mirror to a model's admin."""

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


def extend_admins(site: admin.AdminSite = admin.site) -> None:
    """Give the admin of every mirrored model the column and the filter."""
    autodiscover_modules("documents")  # the admin looks for admins before the mirror is ready
    for document in documents():
        model = document.mirror_options.model
        if site.is_registered(model):
            own = type(site.get_model_admin(model))
            site.unregister(model)
            site.register(model, type(f"Mirrored{own.__name__}", (MirroredAdmin, own), {}))


extend_admins()


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows that only the mirror itself writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes one: the mirror would forget what it has written."""
        return False


class LedgerStateFilter(admin.SimpleListFilter):
    """Ledger entries by their state."""

    title = "state"
    parameter_name = "state"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """Return the choices."""
        return [("pending", "Pending"), ("parked", "Parked"), ("mirrored", "Mirrored")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Apply the choice."""
        match self.value():
            case "pending":
                return queryset.filter(revision__gt=F("mirrored_revision"), parked_at=None)
            case "parked":
                return queryset.filter(
                    Q(revision__gt=F("mirrored_revision")), parked_at__isnull=False
                )
            case "mirrored":
                return queryset.filter(revision__lte=F("mirrored_revision"))
        return queryset


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """What is owed, and why it is not mirrored yet."""

    list_display = [
        "model",
        "object_id",
        "state_name",
        "revision",
        "owed_since",
        "mirrored_at",
        "attempts",
        "error_class",
        "error_code",
    ]
    list_filter = [LedgerStateFilter, "model", "error_class"]
    search_fields = ["object_id"]
    ordering = ["-owed_since"]
    actions = ["retry"]

    @admin.display(description="state")
    def state_name(self, entry: LedgerEntry) -> str:
        """Return ``mirrored``, ``pending`` or ``parked``."""
        return entry.state

    @admin.action(description="Try again now (parked entries too)", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[LedgerEntry]) -> None:
        """Make the chosen entries due; the worker or ``mirror_sync`` mirrors them."""
        count = LedgerEntry.objects.filter(pk__in=queryset.values("pk")).retry()
        self.message_user(request, f"{count} entries are due now.", messages.SUCCESS)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Whoever may see the ledger may ask for another try."""
        return self.has_view_permission(request)


@admin.register(Outage)
class OutageAdmin(ReadOnlyAdmin):
    """When a store was out of reach."""

    list_display = ["sink", "started_at", "ended_at", "error_class", "error_code"]
    list_filter = ["sink", "started_at"]
    ordering = ["-started_at"]
