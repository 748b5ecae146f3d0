"""Views that create, edit and delete a campaign. ``sessions_app.views.campaign`` shows it."""

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from campaigns.forms import CampaignEditForm, NewCampaignForm
from campaigns.models import Campaign
from config.web.access import SignedInRequest, owned
from config.web.forms import posted
from config.web.tab_safe_forms import tell_merged


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """Create a campaign."""
    form = NewCampaignForm(posted(request), instance=Campaign(owner=request.user))
    if form.is_valid():
        campaign = form.save()
        messages.success(request, "Campaign created.")
        return redirect(campaign)
    return render(request, "campaigns/edit.html", {"form": form})


@owned(Campaign.objects.all(), lock=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    """Edit a campaign."""
    form = CampaignEditForm(posted(request), instance=campaign)
    if form.is_valid():
        form.save()
        tell_merged(request, form)
        messages.success(request, "Saved.")
        return redirect(campaign)
    return render(request, "campaigns/edit.html", {"form": form, "campaign": campaign})


@owned(Campaign.objects.with_session_count())
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedInRequest, campaign: Campaign) -> HttpResponseBase:
    """Say what happens to the campaign's sessions, and delete it once confirmed."""
    if request.method == "POST":
        campaign.delete()
        messages.success(request, "Campaign deleted. Its sessions are kept, unfiled.")
        return redirect("dashboard")
    return render(request, "campaigns/delete.html", {"campaign": campaign})
