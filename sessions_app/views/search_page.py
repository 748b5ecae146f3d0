"""The search page."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.web.access import SignedInRequest
from sessions_app import search

RESULTS_PER_PAGE = 10


@require_safe
def show(request: SignedInRequest) -> HttpResponse:
    """Show the user's own sessions that match ``?q=``, the best first."""
    query = search.clean_query(request.GET.get("q", ""))
    page = Paginator(search.find_sessions(request.user, query), RESULTS_PER_PAGE)
    results = page.get_page(request.GET.get("page"))
    hits = search.highlight(results.object_list, query)
    context = {"query": query, "page": results, "hits": hits}
    return render(request, "sessions_app/search.html", context)
