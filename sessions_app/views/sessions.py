"""The pages of a session."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from config.web.access import SignedInRequest, owned
from config.web.forms import posted, tell_merged
from sessions_app.exports.webvtt_file import has_times
from sessions_app.forms import SessionEditForm, SessionForm
from sessions_app.models import Session
from sessions_app.speaker_stats import talk_time

SESSIONS = Session.objects.without_transcript().select_related("campaign")


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """Make a session, in the campaign of ``?campaign=``."""
    form = SessionForm(
        posted(request),
        owner=request.user,
        instance=Session(owner=request.user),
        initial={"campaign": _as_uuid(request.GET.get("campaign", ""))},
    )
    if form.is_valid():
        session = form.save()
        messages.success(request, "The session is saved. Does it have a transcript?")
        return redirect(session)
    return render(request, "sessions_app/edit.html", {"form": form})


@owned(SESSIONS)
@require_safe
def show(request: SignedInRequest, session: Session) -> HttpResponse:
    """Show everything about a session but the words of its transcript."""
    context: dict[str, Any] = {
        "session": session,
        "talk": talk_time(session),
        "subtitles": has_times(session),
    }
    if session.share_token:
        context["share_url"] = request.build_absolute_uri(session.get_share_url())
    return render(request, "sessions_app/show.html", context)


@owned(SESSIONS, lock=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, session: Session) -> HttpResponse:
    """Change a session, or file it under another campaign."""
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
        messages.success(request, "The session is deleted.")
        return redirect(session.campaign or "dashboard")
    return render(request, "sessions_app/delete.html", {"session": session})


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
