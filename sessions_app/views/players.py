"""What players read by a share link, without an account: one recap, or those of a campaign."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from sessions_app.models import Session

RECAPS_PER_PAGE = 20
RECAPS = Session.objects.select_related("campaign").only(
    "name", "player_recap", "played_on", "created_at", "campaign__name", "campaign__language"
)
CAMPAIGNS = Campaign.objects.only("name", "language", "share_token", "owner")


@login_not_required
@never_cache
@require_safe
def recap(request: HttpRequest, token: str) -> HttpResponse:
    """Show the recap of one session, by the session's own link."""
    session = get_object_or_404(RECAPS, share_token=token)
    return _page(request, "sessions_app/shared.html", {"session": session})


@login_not_required
@never_cache
@require_safe
def campaign(request: HttpRequest, token: str) -> HttpResponse:
    """List the shared recaps of a campaign, newest first."""
    found = get_object_or_404(CAMPAIGNS, share_token=token)
    page = Paginator(RECAPS.shown_to_players(found), RECAPS_PER_PAGE)
    context = {"campaign": found, "page": page.get_page(request.GET.get("page"))}
    return _page(request, "sessions_app/shared_campaign.html", context)


@login_not_required
@never_cache
@require_safe
def campaign_recap(request: HttpRequest, token: str, pk: UUID) -> HttpResponse:
    """Show a recap by the campaign's link, with the ones before and after it."""
    found = get_object_or_404(CAMPAIGNS, share_token=token)
    recaps = RECAPS.shown_to_players(found)
    listed = list(recaps.values_list("pk", "name"))  # newest first
    place = next((index for index, (listed_pk, _) in enumerate(listed) if listed_pk == pk), None)
    if place is None:
        raise Http404
    context = {
        "session": get_object_or_404(recaps, pk=pk),
        "campaign": found,
        "later": listed[place - 1] if place else None,
        "earlier": listed[place + 1] if place + 1 < len(listed) else None,
    }
    return _page(request, "sessions_app/shared.html", context)


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Return a page that search engines leave out, and whose address links do not tell."""
    context |= {
        # Not the query: whoever sent the link may have added something to it.
        "page_url": request.build_absolute_uri(request.path),
        "picture_url": request.build_absolute_uri(static("site/preview.png")),
    }
    response = render(request, template, context)
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    # The URL is the secret, so the sites that a recap links to must not receive it.
    response["Referrer-Policy"] = "no-referrer"
    return response
