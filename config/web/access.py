"""Access rules: users see only their own rows, and cannot tell whether others exist."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

M = TypeVar("M", bound=Model)
P = ParamSpec("P")  # what else is in the URL


class SignedInRequest(HttpRequest):
    """A request of a user who is logged in: ``LoginRequired`` redirects all others."""

    user: User


OwnersView = Callable[Concatenate[SignedInRequest, M, P], HttpResponseBase]


def owned(
    queryset: QuerySet[M], *, lock: bool = False
) -> Callable[[OwnersView[M, P]], Callable[..., HttpResponseBase]]:
    """Decorate a view that has ``pk`` in its URL: it gets that row of ``queryset`` instead.

    Anybody but the row's owner gets a 404 for every method, so this decorator goes above
    ``require_http_methods``. With ``lock`` a POST locks the row until it is answered: if two tabs
    save at once, the second one sees what the first one saved.
    """

    def decorate(view: OwnersView[M, P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def with_row(
            request: SignedInRequest, pk: UUID, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            own = queryset.filter(owner=request.user)
            if not (lock and request.method == "POST"):
                return view(request, get_object_or_404(own, pk=pk), *args, **kwargs)
            with transaction.atomic():
                row = get_object_or_404(own.select_for_update(of=("self",)), pk=pk)
                return view(request, row, *args, **kwargs)

        return with_row

    return decorate
