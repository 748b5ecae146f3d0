"""The pages of a whole transcript: show, replace, remove, and name its speakers."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from config.web.access import SignedInRequest, owned
from config.web.forms import parse_uuid, posted
from config.web.large_work import uploads_one_at_a_time
from config.web.tab_safe_forms import tell_merged
from sessions_app import transcript_reader
from sessions_app.highlights import QuoteFinder, by_turn
from sessions_app.models import Session
from sessions_app.search_marks import Marker
from sessions_app.search_query import clean_query
from sessions_app.search_words import wanted_words
from sessions_app.speaker_forms import SpeakersForm
from sessions_app.transcript_forms import TranscriptForm, tell_notes
from sessions_app.transcript_reader import NumberedTurn, TranscriptReader
from sessions_app.transcripts import TRANSCRIPT_FIELDS, put_transcript, remove_transcript
from sessions_app.views.addresses import parse_number, turn_url
from sessions_app.voices import names_in_campaign, voices

SESSIONS = Session.objects.select_related("campaign").defer("transcript_json")
SAVED_FIELDS = [*TRANSCRIPT_FIELDS, "updated_at"]
MAX_DIGITS = 8  # of the number of a line


@owned(SESSIONS)
@require_safe
def show(request: SignedInRequest, session: Session) -> HttpResponse:
    """Show one part of the transcript (``?part=``), or the turns with the words of ``?find=``.

    ``?turn=`` redirects to the turn with this number, ``?at=`` to the one that is spoken at this
    time, and ``?highlight=`` to the one with these words. ``?q=`` marks the words of a search, and
    with ``&line=`` it redirects to the turn of this line of the text.
    """
    if not session.has_transcript:
        return render(
            request,
            "sessions_app/transcript_empty.html",
            {"session": session, "form": TranscriptForm(session=session)},
        )
    transcript = TranscriptReader(session)
    if request.GET.keys() & {"turn", "at", "highlight"}:
        return _jump(request, session, transcript)
    context: dict[str, Any] = {"session": session, "transcript": transcript}
    query = clean_query(request.GET.get("q", ""))
    if query and (turn := _turn_of_line(transcript, session, request.GET.get("line", ""))):
        address = urlencode({"q": query, "part": turn.part})
        return redirect(f"{request.path}?{address}#t{turn.number}")
    context["find"] = clean_query(request.GET.get("find", ""))
    if context["find"]:
        matches = transcript.find(context["find"])
        context |= {"count": len(matches), "shown": transcript_reader.MAX_MATCHES}
        context["turns"] = matches[: transcript_reader.MAX_MATCHES]
    else:
        context["part"] = parse_number(request.GET.get("part", ""), transcript.part_count)
        context["turns"] = transcript.part(context["part"])
        context["parts"] = range(1, transcript.part_count + 1)
        context["quotes"] = by_turn(transcript, session.highlights.all())
        if query:
            context |= {"query": query, "marker": Marker(wanted_words(request.user, query))}
    return render(request, "sessions_app/transcript.html", context)


def _jump(request: SignedInRequest, session: Session, transcript: TranscriptReader) -> HttpResponse:
    """Redirect to the turn that is asked for, or say why there is none."""
    turn = None
    problem = "These words are no longer in the transcript."
    if at := request.GET.get("at"):
        seconds = transcript_reader.parse_time(at)
        problem = "Write the time as 1:02:03 or 12:30."
        if seconds is not None and transcript.has_times:
            turn = transcript.at(seconds)
    elif number := request.GET.get("turn"):
        turn = transcript.turn(parse_number(number, len(transcript.turns)))
    elif key := parse_uuid(request.GET.get("highlight", "")):
        highlight = session.highlights.filter(pk=key).first()
        if highlight:
            turn = QuoteFinder(transcript).find(highlight.quote, highlight.turn)
    if turn is None:
        messages.warning(request, problem)
        return redirect("transcript", session.pk)
    return redirect(turn_url(session, turn))


@uploads_one_at_a_time
@owned(SESSIONS, lock=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, session: Session) -> HttpResponse:
    """Add a transcript, pasted or as a file, or replace the one that is there."""
    form = TranscriptForm(posted(request), request.FILES or None, session=session)
    if form.is_valid():
        put_transcript(session, form.transcript)
        told_day = form.take_day()
        session.save(update_fields=[*SAVED_FIELDS, "played_on"])
        messages.success(request, f"Transcript saved.{told_day}")
        tell_notes(request, form.transcript)
        return redirect("transcript", session.pk)
    context = {"session": session, "form": form}
    return render(request, "sessions_app/transcript_edit.html", context)


@owned(SESSIONS, lock=True)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedInRequest, session: Session) -> HttpResponse:
    """Remove the transcript once its owner has confirmed it. The session stays."""
    if request.method == "POST":
        remove_transcript(session)
        session.save(update_fields=SAVED_FIELDS)
        messages.success(request, "Transcript removed.")
        return redirect(session)
    return render(request, "sessions_app/transcript_delete.html", {"session": session})


@uploads_one_at_a_time
@owned(SESSIONS, lock=True)
@require_http_methods(["GET", "HEAD", "POST"])
def speakers(request: SignedInRequest, session: Session) -> HttpResponse:
    """Name the speakers. The transcript itself is not changed."""
    form = SpeakersForm(
        posted(request), session=session, speakers=voices(TranscriptReader(session))
    )
    if form.is_valid():
        if form.changed:
            session.speaker_names = form.names
            session.save(update_fields=["speaker_names", "updated_at"])
        tell_merged(request, form)
        messages.success(request, "Names saved.")
        return redirect(reverse("transcript", args=[session.pk]))
    context = {"session": session, "form": form, "names": names_in_campaign(session)}
    return render(request, "sessions_app/speakers.html", context)


def _turn_of_line(transcript: TranscriptReader, session: Session, line: str) -> NumberedTurn | None:
    if not line.isdecimal() or len(line) > MAX_DIGITS:
        return None
    return transcript.of_line(session.transcript_text, int(line))
