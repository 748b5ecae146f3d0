"""The dashboard and the pages of a campaign."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Prefetch, Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.forms import CampaignEditForm, CampaignForm
from campaigns.models import Campaign
from config.access import SignedInRequest, owned
from config.editing import posted, tell_merged
from sessions_app.models import Session

CAMPAIGNS_PER_PAGE = 12
SESSIONS_PER_PAGE = 20
LATEST = 3
# Whatever an administrator or another program may have filed there: of others nothing is shown.
OWN_SESSIONS = Count("sessions", filter=Q(sessions__owner=F("owner")))


@require_safe
def dashboard(request: SignedInRequest) -> HttpResponse:
    """Show the campaigns with their latest sessions, and the sessions without a campaign."""
    own = Session.objects.for_list().filter(owner=request.user)
    latest = Prefetch("sessions", own[:LATEST], to_attr="latest")
    campaigns = Campaign.objects.filter(owner=request.user).annotate(sessions_count=OWN_SESSIONS)
    # A query that groups loses the model's own order.
    campaigns = campaigns.order_by("-created_at", "id")
    unfiled = own.filter(campaign=None)
    page = Paginator(campaigns.prefetch_related(latest), CAMPAIGNS_PER_PAGE)
    unfiled_page = Paginator(unfiled, SESSIONS_PER_PAGE)
    context = {
        "page": page.get_page(request.GET.get("page")),
        "unfiled": unfiled_page.get_page(request.GET.get("unfiled")),
    }
    return render(request, "campaigns/dashboard.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """Make a campaign."""
    form = CampaignForm(posted(request), instance=Campaign(owner=request.user))
    if form.is_valid():
        campaign = form.save()
        messages.success(request, "Your campaign is ready. Add its first session.")
        return redirect(campaign)
    return render(request, "campaigns/edit.html", {"form": form})


@owned(Campaign.objects.all())
@require_safe
def show(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    """Show a campaign and its sessions, newest first."""
    sessions = campaign.sessions.for_list().filter(owner=request.user)
    page = Paginator(sessions, SESSIONS_PER_PAGE)
    context = {"campaign": campaign, "page": page.get_page(request.GET.get("page"))}
    return render(request, "campaigns/show.html", context)


@owned(Campaign.objects.all(), lock=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    """Change a campaign."""
    form = CampaignEditForm(posted(request), instance=campaign)
    if form.is_valid():
        form.save()
        tell_merged(request, form)
        messages.success(request, "Saved.")
        return redirect(campaign)
    return render(request, "campaigns/edit.html", {"form": form, "campaign": campaign})


@owned(Campaign.objects.annotate(sessions_count=OWN_SESSIONS))
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedInRequest, campaign: Campaign) -> HttpResponseBase:
    """Delete a campaign once its owner has read what becomes of its sessions."""
    if request.method == "POST":
        campaign.delete()
        messages.success(request, "The campaign is deleted. Its sessions are kept, unfiled.")
        return redirect("dashboard")
    return render(request, "campaigns/delete.html", {"campaign": campaign})
