"""Who may see what: a game master sees the own things, and of others not even that they exist."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

M = TypeVar("M", bound=Model)


class SignedInRequest(HttpRequest):
    """A request of somebody who is logged in: ``LoginRequiredMiddleware`` lets no other through."""

    user: User


OwnersView = Callable[[SignedInRequest, M], HttpResponseBase]


def owned(
    objects: QuerySet[M], *, lock: bool = False
) -> Callable[[OwnersView[M]], Callable[..., HttpResponseBase]]:
    """Give a view the object of its address, out of ``objects``, instead of the key.

    Anybody but its owner gets a 404, whatever the method: put it above ``require_http_methods``.
    With ``lock`` a POST has the row for itself until it is answered: of two tabs that save at
    once, the second one sees what the first one saved.
    """

    def decorate(view: OwnersView[M]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def with_object(request: SignedInRequest, pk: UUID) -> HttpResponseBase:
            own = objects.filter(owner=request.user)
            if not (lock and request.method == "POST"):
                return view(request, get_object_or_404(own, pk=pk))
            with transaction.atomic():
                found = get_object_or_404(own.select_for_update(of=("self",)), pk=pk)
                return view(request, found)

        return with_object

    return decorate
