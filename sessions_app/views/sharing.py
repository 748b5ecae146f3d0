"""The owner makes, replaces and revokes the share links of sessions and campaigns."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from campaigns.models import Campaign
from config.web.access import SignedInRequest, owned
from sessions_app.models import Session

PLACE = "share"  # of the messages, and of the links, on both pages


@owned(Session.objects.without_transcript(), lock=True)
@require_POST
def share(request: SignedInRequest, session: Session) -> HttpResponse:
    """Make the link to a recap, or replace it."""
    return _share(request, session, "Shared: anyone with the link can read the recap.")


@owned(Session.objects.without_transcript(), lock=True)
@require_POST
def unshare(request: SignedInRequest, session: Session) -> HttpResponse:
    """Revoke the link to a recap."""
    return _unshare(request, session, "The recap is private again: its link no longer works.")


@owned(Campaign.objects.all(), lock=True)
@require_POST
def share_campaign(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    """Make the link to a campaign's recaps, or replace it."""
    return _share(request, campaign, "Shared: anyone with the link can read the shared recaps.")


@owned(Campaign.objects.all(), lock=True)
@require_POST
def unshare_campaign(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    """Revoke the link to a campaign's recaps. Each shared session keeps its own link."""
    return _unshare(request, campaign, "The link to all recaps no longer works.")


def _share(request: SignedInRequest, row: Session | Campaign, made: str) -> HttpResponse:
    replacing = request.POST.get("replacing", "")
    if row.share(replacing):
        row.save(update_fields=["share_token", "updated_at"])
        said = "There is a new link. The old one no longer works." if replacing else made
    else:
        said = "It is already shared. This is the link."
    messages.success(request, said, PLACE)
    return redirect(f"{row.get_absolute_url()}#{PLACE}")


def _unshare(request: SignedInRequest, row: Session | Campaign, said: str) -> HttpResponse:
    row.stop_sharing()
    row.save(update_fields=["share_token", "updated_at"])
    messages.success(request, said, PLACE)
    return redirect(f"{row.get_absolute_url()}#{PLACE}")
