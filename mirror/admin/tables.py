"""The ledger in the admin."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.translation import ngettext

from mirror.documents.registry import labels
from mirror.formats import moment
from mirror.models import LedgerEntry, LedgerQuerySet, State
from mirror.models.due import DUE_AT


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic only in its stubs
    """A table that only the mirror itself writes."""

    class Media:
        css = {"all": ["mirror/admin.css"]}  # its lists fit on a phone, too

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes one: the mirror would no longer know what it has written."""
        return False


class StateFilter(admin.SimpleListFilter):
    """Offers the states in the mirror. What it filters, a subclass says."""

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """Return the choices."""
        return State.choices


class LedgerStateFilter(StateFilter):
    """Ledger entries by their state."""

    title = "state"
    parameter_name = "state"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Apply the choice."""
        state = self.value()
        if state not in State.values:
            return queryset
        return cast("LedgerQuerySet", queryset).in_state(State(state))


class LedgerModelFilter(admin.SimpleListFilter):
    """Ledger entries by their model."""

    title = "model"
    parameter_name = "model"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """Return the models that have entries."""
        return [(label, label) for label in LedgerEntry.objects.models()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Apply the choice."""
        return queryset.filter(model=self.value()) if self.value() else queryset


class FirstPages(Paginator):  # type: ignore[type-arg] # generic only in its stubs
    """Counts only as far as anybody turns pages: the ledger may have many millions of entries."""

    LIMIT = 10_000

    @cached_property
    def count(self) -> int:
        """The number of entries, at most ``LIMIT``."""
        return cast("QuerySet[Any]", self.object_list)[: self.LIMIT].count()


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """The ledger: the state of each row, and its last failure.

    It may be long. So each list has the order of an index, and none that anybody may choose.
    """

    list_display = ["row", "state_name", "revision", "since", "failure", "compare"]
    list_filter = [LedgerStateFilter, LedgerModelFilter]
    search_fields = ["object_id"]
    search_help_text = "The whole id of a row"
    sortable_by = ()
    show_full_result_count = False
    paginator = FirstPages
    actions = ["retry"]
    fields = [
        *("model", "object_id", "state_name", "revision", "mirrored_revision", "backfill"),
        *("owed", "mirrored", "parked", "next_attempt", "failure", "items", "objects", "compare"),
    ]

    @admin.display(description="row")
    def row(self, entry: LedgerEntry) -> str:
        """Return the model, and below it the primary key."""
        return format_html("{}<br><small>{}</small>", entry.model, entry.object_id)

    @admin.display(description="since")
    def since(self, entry: LedgerEntry) -> str:
        """Return when it was mirrored, or since when it is owed."""
        at = entry.mirrored_at if entry.state == State.MIRRORED else entry.owed_since
        return moment(at) if at else ""

    @admin.display(description="owed since")
    def owed(self, entry: LedgerEntry) -> str:
        """Return since when the row is owed."""
        return "–" if entry.state == State.MIRRORED else moment(entry.owed_since)

    @admin.display(description="last mirrored")
    def mirrored(self, entry: LedgerEntry) -> str:
        """Return when the row was mirrored."""
        return moment(entry.mirrored_at) if entry.mirrored_at else "never"

    @admin.display(description="parked since")
    def parked(self, entry: LedgerEntry) -> str:
        """Return since when the row is given up."""
        return moment(entry.parked_at) if entry.parked_at else "–"

    @admin.display(description="next attempt")
    def next_attempt(self, entry: LedgerEntry) -> str:
        """Return when the row is tried again, if it is pending."""
        return moment(entry.next_attempt_at) if entry.state == State.PENDING else "–"

    @admin.display(description="items that may exist")
    def items(self, entry: LedgerEntry) -> str:
        """Return the keys in DynamoDB, a line each."""
        none = "none; a row that is gone leaves a tombstone for a week" if entry.is_gone else "none"
        return format_html_join("", "{} {}<br>", entry.item_keys) or none

    @admin.display(description="objects that may exist")
    def objects(self, entry: LedgerEntry) -> str:
        """Return the keys in S3, a line each."""
        return format_html_join("", "{}<br>", ((key,) for key in entry.object_keys)) or "none"

    @admin.display(description="failure")
    def failure(self, entry: LedgerEntry) -> str:
        """Return the last failure, and how many attempts there were."""
        failure = f"{entry.error_class} {entry.error_code}".strip()
        return f"{failure} ({entry.attempts})" if entry.attempts else failure

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Return the order of the index that has the chosen entries."""
        match request.GET.get(LedgerStateFilter.parameter_name):
            case State.PENDING:
                return ["model", "backfill", DUE_AT, "pk"]
            case State.PARKED:
                return ["-parked_at", "-pk"]
        return ["-pk"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LedgerEntry], search_term: str
    ) -> tuple[QuerySet[LedgerEntry], bool]:
        """Look the id up in the index, which begins with the model."""
        if search_term.strip():
            models = LedgerEntry.objects.models()
            queryset = queryset.filter(model__in=models, object_id=search_term.strip())
        return queryset, False

    @admin.display(description="state")
    def state_name(self, entry: LedgerEntry) -> str:
        """Return the state of the entry; of a row that is gone, that it is."""
        return "row gone" if entry.is_gone else entry.state

    @admin.display(description="stores")
    def compare(self, entry: LedgerEntry) -> str:
        """Link *Compare*, if the model is mirrored."""
        if entry.model not in labels():
            return "–"
        address = reverse("mirror:compare", args=[entry.model, entry.object_id])
        return format_html('<a href="{}">Compare</a>', address)

    @admin.action(description="Retry (parked entries too)", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[LedgerEntry]) -> None:
        """Make the chosen entries due; the worker or ``mirror_sync`` mirrors them."""
        count = LedgerEntry.objects.filter(pk__in=queryset.values("pk")).retry()
        message = ngettext("%(count)d entry is due now.", "%(count)d entries are due now.", count)
        self.message_user(request, message % {"count": count}, messages.SUCCESS)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """People who may view the ledger may retry entries, too."""
        return self.has_view_permission(request)
