"""The dashboard: all campaigns with their latest sessions, and the unfiled sessions."""

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from config.web.access import SignedInRequest
from sessions_app.models import Session
from sessions_app.views.campaign import SESSIONS_PER_PAGE

CAMPAIGNS_PER_PAGE = 12
LATEST_SESSIONS = 3  # shown with each campaign


@require_safe
def show(request: SignedInRequest) -> HttpResponse:
    """Show the campaigns with their latest sessions, and the sessions without a campaign."""
    own = Session.objects.for_list().filter(owner=request.user)
    latest = Prefetch("sessions", own[:LATEST_SESSIONS], to_attr="latest")
    campaigns = Campaign.objects.filter(owner=request.user).with_session_count()
    # Grouping drops the model's ordering.
    campaigns = campaigns.order_by("-created_at", "id")
    page = Paginator(campaigns.prefetch_related(latest), CAMPAIGNS_PER_PAGE)
    unfiled = Paginator(own.filter(campaign=None), SESSIONS_PER_PAGE)
    context = {
        "page": page.get_page(request.GET.get("page")),
        "unfiled": unfiled.get_page(request.GET.get("unfiled")),
    }
    return render(request, "sessions_app/dashboard.html", context)
