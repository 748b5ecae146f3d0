"""The search page: what the mirror finds beside what PostgreSQL finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from mirror.conf import setting
from mirror.errors import StoreError
from mirror.search import Hit, rows_matching, search, searchable
from mirror.staff.access import require_view, staff_page
from mirror.staff.page import page
from mirror.stores.clients import inline_clients
from mirror.stores.dynamodb import DYNAMODB
from mirror.sync.budget import INLINE_SECONDS, Budget, BudgetSpent

MAX_LISTED = 100  # rows


@dataclass
class Result:
    """A row that the mirror or PostgreSQL found."""

    label: str
    object_id: str
    kind: str
    title: str = field(repr=False)
    in_mirror: bool = False
    in_postgresql: bool = False


@staff_page
@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    """Search an owner's rows in the mirror and in PostgreSQL, and show what each finds."""
    owner_name, words = request.GET.get("owner", ""), request.GET.get("q", "")
    context: dict[str, Any] = {
        "title": "Search the mirror",
        "owner": owner_name,
        "words": words,
        "results": None,
        "can_search": bool(searchable()),
    }
    if not setting("ENABLED"):
        context["problem"] = "The mirror is switched off."
    elif words.strip():
        owner = _owner(owner_name)
        if owner is None:
            context["problem"] = "There is no such user."
        else:
            context |= _search(request, owner.pk, words)
    return page(request, "search", context)


def _owner(name: str) -> models.Model | None:
    if "\0" in name:  # PostgreSQL refuses to search for it
        return None
    try:
        return get_user_model()._default_manager.get_by_natural_key(name)
    except get_user_model().DoesNotExist:
        return None


def _search(request: HttpRequest, owner_id: Any, words: str) -> dict[str, Any]:
    """Return what both find, or why the mirror does not answer, for the template."""
    labels = _viewable(request)

    def first_hits() -> list[Hit]:
        hits = search(owner_id, words, inline_clients(), labels=labels)
        return list(islice(hits, MAX_LISTED + 1))

    try:
        hits = Budget(INLINE_SECONDS).run(DYNAMODB, first_hits)
    except StoreError as error:
        failure = error.failure
        return {"problem": f"{failure.store} does not answer ({failure.reason})."}
    except BudgetSpent:
        return {"problem": "There was no time left to ask."}
    results: dict[tuple[str, str], Result] = {}
    for document in searchable(labels):
        label = document.mirror_options.label
        kind = str(document.mirror_options.model._meta.verbose_name)
        for hit in hits:
            if hit.label == label:
                results[label, hit.object_id] = Result(
                    label, hit.object_id, kind, hit.title, in_mirror=True
                )
        title = document.search_fields[0]
        matching = rows_matching(document, owner_id, words).values_list("pk", title)
        for pk, name in matching[: MAX_LISTED + 1]:
            result = Result(label, str(pk), kind, name)
            results.setdefault((label, str(pk)), result).in_postgresql = True
    shown = sorted(results.values(), key=lambda result: (result.title, result.object_id))
    more = len(shown) > MAX_LISTED
    differing = [result for result in shown if result.in_mirror != result.in_postgresql]
    # If there are more, each has returned only its first results, so they cannot be compared.
    return {
        "results": shown[:MAX_LISTED],
        "more": more,
        "same": not more and not differing,
        "differing": 0 if more else len(differing),
    }


def _viewable(request: HttpRequest) -> list[str]:
    """Return the labels of the models whose rows this person may view."""
    allowed = []
    for document in searchable():
        try:
            require_view(request, document.mirror_options.model, None)
        except PermissionDenied:
            continue
        allowed.append(document.mirror_options.label)
    return allowed
