"""Share links: the owner makes, replaces and revokes them; anybody with a link can read."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from config.web.access import SignedInRequest, owned
from sessions_app.models import Session

SHARE_FIELDS = ["share_token", "updated_at"]
SHARED = Session.objects.select_related("campaign").only(
    "name", "player_recap", "played_on", "created_at", "campaign__name"
)


@owned(Session.objects.without_transcript(), lock=True)
@require_POST
def share(request: SignedInRequest, session: Session) -> HttpResponse:
    """Make a share link, which replaces an older one."""
    replaced = session.share_token is not None
    session.share()
    session.save(update_fields=SHARE_FIELDS)
    messages.success(
        request,
        "There is a new link. The old one no longer works."
        if replaced
        else "The recap is shared: everybody with the link can read it.",
    )
    return redirect(f"{session.get_absolute_url()}#share")


@owned(Session.objects.without_transcript(), lock=True)
@require_POST
def unshare(request: SignedInRequest, session: Session) -> HttpResponse:
    """Revoke the share link."""
    session.stop_sharing()
    session.save(update_fields=SHARE_FIELDS)
    messages.success(request, "The recap is private again: the link no longer works.")
    return redirect(f"{session.get_absolute_url()}#share")


@login_not_required
@never_cache
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """Show players the recap with the campaign's name, the session's name and its date alone."""
    session = get_object_or_404(SHARED, share_token=token)
    response = render(request, "sessions_app/shared.html", {"session": session})
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    # The URL is the secret, so the sites that a recap links to must not receive it.
    response["Referrer-Policy"] = "no-referrer"
    return response
