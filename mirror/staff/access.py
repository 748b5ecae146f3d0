"""Access to the pages: for staff who may view ledger entries and, for one row, that row, too."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]


def may_see(request: HttpRequest) -> bool:
    """Whether this person may view the ledger. If so, they may retry parked entries, too."""
    return request.user.has_perm("mirror.view_ledgerentry")


def staff_page(view: View) -> View:
    """Restrict ``view`` to staff who may view the ledger; others must log in, or are refused."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_see(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return admin.site.admin_view(guarded)


def require_view(request: HttpRequest, model: type[models.Model], row: Any) -> None:
    """Raise ``PermissionDenied`` if this person may not view this row, or with None the model."""
    if admin.site.is_registered(model):
        allowed = admin.site.get_model_admin(model).has_view_permission(request, row)
    else:
        meta = model._meta
        allowed = request.user.has_perm(f"{meta.app_label}.view_{meta.model_name}")
    if not allowed:
        raise PermissionDenied
