"""The search page."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.web.access import SignedInRequest
from sessions_app import search as engine

RESULTS_PER_PAGE = 10


@require_safe
def search(request: SignedInRequest) -> HttpResponse:
    """Show the own sessions that match ``?q=``, the best first."""
    query = engine.readable(request.GET.get("q", ""))
    page = Paginator(engine.find(request.user, query), RESULTS_PER_PAGE)
    results = page.get_page(request.GET.get("page"))
    hits = engine.with_snippets(results.object_list, query)
    context = {"query": query, "page": results, "hits": hits}
    return render(request, "sessions_app/search.html", context)
