"""What the admins of the models have in common.

Staff and the owner may edit one row at the same time: neither overwrites the other unnoticed.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import models, transaction
from django.db.models.functions import Now
from django.http import HttpRequest
from django.template.defaultfilters import linebreaks_filter, pluralize
from django.utils.html import format_html

from config.web.forms import LongText
from config.web.share_links import Shareable
from config.web.tab_safe_forms import TabSafeForm, tell_merged

M = TypeVar("M", bound=models.Model)
S = TypeVar("S", bound=Shareable)


def page_of(request: HttpRequest) -> str:
    """Return which page of an admin this is: ``changelist``, ``add``, ``change`` and so on."""
    match = request.resolver_match
    return (match.url_name or "").rpartition("_")[2] if match else ""


class TabSafeModelForm(TabSafeForm, forms.ModelForm):  # type: ignore[type-arg] # of any model
    """Compares what staff send with what is stored by now, field by field."""

    loaded = forms.CharField(widget=forms.HiddenInput, required=False)  # for the fieldsets

    def clean(self) -> dict[str, Any]:
        """Show what somebody else saved beside what staff typed."""
        cleaned = super().clean()
        for name, stored in self.clashes.items():
            self[name].help_text = format_html(
                "The other version: {}", linebreaks_filter(str(stored or "(empty)"))
            )
        return cleaned


class TabSafeAdmin(admin.ModelAdmin[M]):
    """Saves the fields that staff changed and no others, and keeps long texts as typed.

    ``fieldsets`` must be set, and the model have ``updated_at``.
    """

    form = TabSafeModelForm
    formfield_overrides = {models.TextField: {"form_class": LongText}}
    view_on_site = False  # the pages of a row are its owner's alone

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[M]:
        """Lock a row that is about to be changed."""
        rows = super().get_queryset(request)
        changes = request.method == "POST" and page_of(request) == "change"
        return rows.select_for_update(of=("self",)) if changes else rows

    def get_fieldsets(self, request: HttpRequest, obj: M | None = None) -> list[Any]:
        """Send the fingerprints of the values along."""
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is not None and self.has_change_permission(request, obj):
            fieldsets.append((None, {"fields": [TabSafeForm.loaded_name]}))
        return fieldsets

    def save_model(
        self,
        request: HttpRequest,
        obj: M,
        form: Any,
        change: bool,  # noqa: FBT001 - Django's own signature
    ) -> None:
        """Save what has changed."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        if form.changed:
            obj.save(update_fields=[*form.changed, "updated_at"])
        tell_merged(request, form)


@admin.action(description="Revoke share links", permissions=["change"])
def revoke_share_links(
    model_admin: admin.ModelAdmin[S], request: HttpRequest, chosen: models.QuerySet[S]
) -> None:
    """Revoke the links of the chosen rows: they no longer work."""
    rows = model_admin.model._default_manager
    with transaction.atomic():
        shared = list(
            rows.select_for_update()
            .filter(pk__in=chosen.values("pk"), share_token__isnull=False)
            .only("name")
        )
        pks = [row.pk for row in shared]
        rows.filter(pk__in=pks).update(share_token=None, updated_at=Now())
        if shared:
            staff = cast("int", request.user.pk)
            LogEntry.objects.log_actions(staff, shared, CHANGE, "Revoked the share link.")
    count = len(shared)
    model_admin.message_user(
        request, f"{count} share link{pluralize(count)} revoked.", messages.SUCCESS
    )
