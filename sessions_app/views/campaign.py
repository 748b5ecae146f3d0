"""The page of a campaign, with its sessions."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from config.web.access import SignedInRequest, owned
from sessions_app import highlights

SESSIONS_PER_PAGE = 20


@owned(Campaign.objects.all())
@require_safe
def show(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    """Show a campaign and its sessions, newest first."""
    sessions = campaign.sessions.for_list().filter(owner=request.user)
    page = Paginator(sessions, SESSIONS_PER_PAGE)
    marked = highlights.of_campaign(campaign, request.user)
    context: dict[str, Any] = {
        "campaign": campaign,
        "page": page.get_page(request.GET.get("page")),
        "highlights": marked[: highlights.NEWEST],
        "highlights_count": marked.count(),
    }
    if campaign.share_token:
        context["share_url"] = request.build_absolute_uri(campaign.get_share_url())
    return render(request, "sessions_app/campaign.html", context)


@owned(Campaign.objects.all())
@require_safe
def show_highlights(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    """Show all highlights of a campaign, newest first."""
    marked = highlights.of_campaign(campaign, request.user)
    page = Paginator(marked, highlights.PER_PAGE).get_page(request.GET.get("page"))
    context = {"campaign": campaign, "page": page}
    return render(request, "sessions_app/campaign_highlights.html", context)
