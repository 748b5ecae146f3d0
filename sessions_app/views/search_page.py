"""The search page."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.web.access import SignedInRequest
from sessions_app.search import find_sessions
from sessions_app.search_places import hits
from sessions_app.search_query import clean_query
from sessions_app.search_words import wanted_words

RESULTS_PER_PAGE = 10


@require_safe
def show(request: SignedInRequest) -> HttpResponse:
    """Show the user's own sessions that match ``?q=``, the best first, and the places in them."""
    query = clean_query(request.GET.get("q", ""))
    wanted = wanted_words(request.user, query)
    page = Paginator(find_sessions(request.user, wanted), RESULTS_PER_PAGE)
    results = page.get_page(request.GET.get("page"))
    context = {
        "query": query,
        "wanted": wanted,
        "page": results,
        "hits": hits(results.object_list, wanted, query),
    }
    return render(request, "sessions_app/search.html", context)
