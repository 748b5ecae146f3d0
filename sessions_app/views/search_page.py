"""The search page."""

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet, Window
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.web.access import SignedInRequest
from sessions_app.models import Session
from sessions_app.search import find_sessions, planned_for_search
from sessions_app.search_places import hits
from sessions_app.search_query import clean_query
from sessions_app.search_words import wanted_words

RESULTS_PER_PAGE = 10


@require_safe
def show(request: SignedInRequest) -> HttpResponse:
    """Show the user's own sessions that match ``?q=``, the best first, and the places in them."""
    query = clean_query(request.GET.get("q", ""))
    wanted = wanted_words(request.user, query)
    with planned_for_search():
        page = _page(find_sessions(request.user, wanted), request.GET.get("page"))
        context = {
            "query": query,
            "wanted": wanted,
            "page": page,
            "hits": hits(page.object_list, wanted, query),
        }
    return render(request, "sessions_app/search.html", context)


def _page(sessions: QuerySet[Session], asked: str | None) -> Page[Session]:
    """Return a page. The first is read and counted in one statement, as it may take long."""
    first = list(sessions.annotate(found=Window(Count("pk")))[:RESULTS_PER_PAGE])
    paginator = Paginator(sessions, RESULTS_PER_PAGE)
    paginator.count = first[0].found if first else 0
    page = paginator.get_page(asked)
    if page.number == 1:
        page.object_list = first
    return page
