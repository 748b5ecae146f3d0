"""What is done with a highlight once it is listed: it goes into the recap, or is removed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from config.web.access import SignedInRequest, owned
from sessions_app.highlights import add_to_recap
from sessions_app.models import Session

SESSIONS = Session.objects.select_related("campaign").without_transcript()


@owned(SESSIONS, lock=True)
@require_POST
def add(request: SignedInRequest, session: Session, key: UUID) -> HttpResponse:
    """Append a highlight to the player recap as it is stored now, whatever other tabs show."""
    highlight = get_object_or_404(session.highlights, pk=key)
    if add_to_recap(session, highlight):
        session.save(update_fields=["player_recap", "updated_at"])
        messages.success(request, "The quote is at the end of the recap.")
    else:
        messages.info(request, "The recap has this quote already.")
    return redirect(session)


@owned(SESSIONS)
@require_POST
def delete(request: SignedInRequest, session: Session, key: UUID) -> HttpResponse:
    """Remove a highlight, and stay on the page that lists it. The transcript stays as it is."""
    get_object_or_404(session.highlights, pk=key).delete()
    messages.success(request, "The highlight is removed.")
    from_campaign = "campaign" in request.POST and session.campaign
    return redirect(from_campaign or session)
