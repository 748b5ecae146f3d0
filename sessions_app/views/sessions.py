"""The pages of a session."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from config.web.access import SignedInRequest, owned
from config.web.forms import parse_uuid, posted
from config.web.large_work import uploads_one_at_a_time
from config.web.tab_safe_forms import tell_merged
from sessions_app.exports.webvtt_file import has_times
from sessions_app.forms import NewSessionForm, SessionEditForm
from sessions_app.highlights import PER_PAGE
from sessions_app.models import Session
from sessions_app.speaker_colours import speaker_colours
from sessions_app.speaker_stats import speaker_stats
from sessions_app.transcript_forms import tell_notes

SESSIONS = Session.objects.without_transcript().select_related("campaign")


@uploads_one_at_a_time
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """Create a session, with its transcript if it is there; ``?campaign=`` preselects one."""
    form = NewSessionForm(
        posted(request),
        request.FILES or None,
        owner=request.user,
        instance=Session(owner=request.user),
        initial={"campaign": parse_uuid(request.GET.get("campaign", ""))},
    )
    if form.is_valid():
        session = form.save()
        messages.success(request, _created(form))
        if form.has_transcript:
            tell_notes(request, form.transcript.transcript)
        return redirect(session)
    return render(request, "sessions_app/edit.html", {"form": form})


@owned(SESSIONS)
@require_safe
def show(request: SignedInRequest, session: Session) -> HttpResponse:
    """Show everything about a session except its transcript."""
    highlights = Paginator(session.highlights.all(), PER_PAGE)
    stats = speaker_stats(session)
    names = [share.name for share in stats.shares] if stats else []
    context: dict[str, Any] = {
        "session": session,
        "highlights": highlights.get_page(request.GET.get("page")),
        "stats": stats,
        "colours": speaker_colours(session, names),
        "has_times": has_times(session),
    }
    if session.share_token:
        context["share_url"] = request.build_absolute_uri(session.get_share_url())
    return render(request, "sessions_app/show.html", context)


@owned(SESSIONS, lock=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, session: Session) -> HttpResponse:
    """Edit a session, or file it in another campaign."""
    form = SessionEditForm(posted(request), owner=request.user, instance=session)
    if form.is_valid():
        form.save()
        tell_merged(request, form)
        messages.success(request, "Saved.")
        return redirect(session)
    return render(request, "sessions_app/edit.html", {"form": form, "session": session})


@owned(SESSIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedInRequest, session: Session) -> HttpResponse:
    """Delete a session once its owner has confirmed it."""
    if request.method == "POST":
        session.delete()
        messages.success(request, "Session deleted.")
        return redirect(session.campaign or "dashboard")
    return render(request, "sessions_app/delete.html", {"session": session})


def _created(form: NewSessionForm) -> str:
    next_step = "" if form.has_transcript else " Add its transcript?"
    return f"Session created.{next_step}{form.told_day}"
