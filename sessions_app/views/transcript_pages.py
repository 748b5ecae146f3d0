"""The pages of a transcript: reading it, putting it in, naming its speakers."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from config.web.access import SignedInRequest, owned
from config.web.forms import posted, tell_merged
from sessions_app import reader
from sessions_app.models import Session
from sessions_app.reader import Reading
from sessions_app.search import readable
from sessions_app.speaker_stats import talk_time
from sessions_app.transcript_forms import SpeakersForm, TranscriptForm
from sessions_app.transcripts import TRANSCRIPT_FIELDS, put_transcript, remove_transcript

SESSIONS = Session.objects.select_related("campaign")
SAVED_FIELDS = [*TRANSCRIPT_FIELDS, "updated_at"]


@owned(SESSIONS)
@require_safe
def show(request: SignedInRequest, session: Session) -> HttpResponse:
    """Show the transcript by turns; ``?find=`` the turns with these words, ``?at=`` jumps."""
    if not session.has_transcript:
        return render(
            request,
            "sessions_app/transcript_empty.html",
            {"session": session, "form": TranscriptForm(session=session)},
        )
    text = Reading(session)
    context: dict[str, Any] = {"session": session, "reading": text, "talk": talk_time(session)}
    if wanted := request.GET.get("at", ""):
        at = reader.seconds(wanted)
        found = text.at(at) if at is not None and text.has_times else None
        if found:
            return redirect(f"{request.path}?part={found.part}#t{found.number}")
        messages.warning(request, "Write a time as 1:02:03 or 12:30.")
        return redirect("transcript", session.pk)
    context["find"] = readable(request.GET.get("find", ""))
    if context["find"]:
        matches = text.find(context["find"])
        context["count"] = len(matches)
        context["turns"] = matches[: reader.MAX_MATCHES]
    else:
        context["part"] = _part(request.GET.get("part", ""), text.parts)
        context["turns"] = text.part(context["part"])
        context["parts"] = range(1, text.parts + 1)
    return render(request, "sessions_app/transcript.html", context)


@owned(SESSIONS, lock=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, session: Session) -> HttpResponse:
    """Put a transcript in, pasted or from a file, in place of an older one."""
    form = TranscriptForm(posted(request), request.FILES or None, session=session)
    if form.is_valid():
        put_transcript(session, form.transcript)
        session.save(update_fields=SAVED_FIELDS)
        messages.success(request, "The transcript is saved.")
        return redirect("transcript", session.pk)
    context = {"session": session, "form": form}
    return render(request, "sessions_app/transcript_edit.html", context)


@owned(SESSIONS, lock=True)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedInRequest, session: Session) -> HttpResponse:
    """Take the transcript away once its owner has confirmed it; the session stays."""
    if request.method == "POST":
        remove_transcript(session)
        session.save(update_fields=SAVED_FIELDS)
        messages.success(request, "The transcript is removed.")
        return redirect(session)
    return render(request, "sessions_app/transcript_delete.html", {"session": session})


@owned(SESSIONS, lock=True)
@require_http_methods(["GET", "HEAD", "POST"])
def speakers(request: SignedInRequest, session: Session) -> HttpResponse:
    """Give speakers their names. The transcript itself stays as it is."""
    form = SpeakersForm(posted(request), session=session, labels=sorted(Reading(session).speakers))
    if form.is_valid():
        if form.changed:
            session.speaker_names = form.names
            session.save(update_fields=["speaker_names", "updated_at"])
        tell_merged(request, form)
        messages.success(request, "The names are saved.")
        return redirect(reverse("transcript", args=[session.pk]))
    return render(request, "sessions_app/speakers.html", {"session": session, "form": form})


def _part(text: str, parts: int) -> int:
    """Read a part's number; anything else is the first or the last one."""
    return min(max(int(text), 1), parts) if text.isdecimal() and len(text) < 9 else 1  # noqa: PLR2004
