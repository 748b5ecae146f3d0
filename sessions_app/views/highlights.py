"""What is done with a highlight once it is listed: it goes into the recap, or is removed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from config.web.access import SignedInRequest, owned
from sessions_app.highlights import add_to_recap
from sessions_app.models import Session

PLACE = "highlights"  # of the messages, and of the list, on every page that has one
SESSIONS = Session.objects.select_related("campaign").without_transcript()


@owned(SESSIONS, lock=True)
@require_POST
def add(request: SignedInRequest, session: Session, key: UUID) -> HttpResponse:
    """Append a highlight to the player recap as it is stored now, whatever other tabs show."""
    highlight = get_object_or_404(session.highlights, pk=key)
    if add_to_recap(session, highlight):
        session.save(update_fields=["player_recap", "updated_at"])
        messages.success(request, "Added to the end of the recap.", PLACE)
    else:
        messages.info(request, "The recap already has this quote.", PLACE)
    return _back_to_list(request, session)


@owned(SESSIONS)
@require_POST
def delete(request: SignedInRequest, session: Session, key: UUID) -> HttpResponse:
    """Remove a highlight. The transcript stays as it is."""
    get_object_or_404(session.highlights, pk=key).delete()
    messages.success(request, "Highlight removed.", PLACE)
    return _back_to_list(request, session)


def _back_to_list(request: SignedInRequest, session: Session) -> HttpResponse:
    """Redirect to the list in which the button was pressed."""
    page = request.POST.get("next", "")
    if not page.startswith("/") or not url_has_allowed_host_and_scheme(page, allowed_hosts=None):
        page = session.get_absolute_url()
    return HttpResponseRedirect(f"{page}#{PLACE}")
