"""The page of one turn: correct it, cut it, join it to the one before, delete or highlight it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from config.web.access import SignedInRequest, owned
from config.web.forms import posted
from config.web.large_work import uploads_one_at_a_time
from config.web.tab_safe_forms import tell_merged
from sessions_app.models import Session
from sessions_app.transcript_reader import NumberedTurn, TranscriptReader
from sessions_app.transcripts import TRANSCRIPT_FIELDS
from sessions_app.turn_edits import EditRefused, join_turn, replace_turn
from sessions_app.turn_forms import HighlightForm, TurnForm, find_turn, is_changed
from sessions_app.views.addresses import turn_url

SESSIONS = Session.objects.select_related("campaign")
CHANGED = "Another tab has changed this turn, so it is not deleted yet. Look at it again."
DONE = {"delete": "Turn deleted.", "join": "Turns joined."}


@uploads_one_at_a_time
@owned(SESSIONS, lock=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, session: Session, number: int) -> HttpResponse:
    """Show a turn between its neighbours, and save what becomes of it.

    ``do`` is ``join`` or ``delete`` if that button was pressed. If another tab has changed the turn
    meanwhile, the person is shown both versions.
    """
    reader = TranscriptReader(session)
    loaded = request.POST.get("turn", "")
    turn = find_turn(reader, number, loaded)
    if turn is None:
        return _gone(request, session)
    form = TurnForm(posted(request), turn=turn, reader=reader)
    action = request.POST.get("do", "")
    if action == "delete" and is_changed(turn, loaded):
        form.add_error(None, CHANGED)
    elif action == "delete" or form.is_valid():
        try:
            number = _apply(session, turn.number, form, action)
        except EditRefused as refused:
            form.add_error(None, str(refused))
        else:
            if action or form.changed:
                session.save(update_fields=[*TRANSCRIPT_FIELDS, "updated_at"])
            edited = TranscriptReader(session)
            shown = edited.turn(min(number, len(edited.turns)))
            tell_merged(request, form, _place(shown))
            messages.success(request, DONE.get(action, "Turn saved."), _place(shown))
            return redirect(turn_url(session, shown) if shown else session)
    return render(request, "sessions_app/turn.html", _context(session, reader, turn, form))


@uploads_one_at_a_time
@owned(SESSIONS, lock=True)
@require_POST
def highlight(request: SignedInRequest, session: Session, number: int) -> HttpResponse:
    """Keep words of a turn, and what was typed to correct it. A script may ask for no page."""
    reader = TranscriptReader(session)
    turn = find_turn(reader, number, request.POST.get("turn", ""))
    number = turn.number if turn else number
    form = HighlightForm(request.POST, session=session, reader=reader, number=number)
    wants_page = request.accepts("text/html")
    if form.is_valid():
        form.highlight.save()
        if not wants_page:
            return HttpResponse(status=204)
    elif not wants_page:
        problems = [str(error) for errors in form.errors.values() for error in errors]
        return HttpResponse(" ".join(problems), status=400, content_type="text/plain")
    correction = TurnForm(request.POST, turn=turn, reader=reader) if turn else None
    unsaved = correction is not None and (not correction.is_valid() or bool(correction.changed))
    if form.is_valid() and not unsaved:
        found = reader.turn(form.highlight.turn)
        said = "Highlighted. It is listed with the session."
        messages.success(request, said, _place(found))
        return redirect(turn_url(session, found) if found else session)
    if turn is None or correction is None:
        return _gone(request, session)
    context = _context(session, reader, turn, correction) | {"unsaved": unsaved}
    if form.is_valid():
        said = "Highlighted. Your correction is not saved yet."
        messages.success(request, said, "highlight")
    else:
        context["highlight_form"] = form
    return render(request, "sessions_app/turn.html", context)


def _place(turn: NumberedTurn | None) -> str:
    """Return where the page of the transcript says what became of a turn: see ``turn_list``."""
    return f"t{turn.number}" if turn else ""


def _apply(session: Session, number: int, form: TurnForm, action: str) -> int:
    """Change the turn, and return the number of the turn to show then."""
    if action == "delete":
        replace_turn(session, number, None, [])
        return number
    if form.changed:
        replace_turn(session, number, form.label, form.texts)
    if action == "join" and number > 1:
        join_turn(session, number)
        return number - 1
    return number


def _context(
    session: Session, reader: TranscriptReader, turn: NumberedTurn, form: TurnForm
) -> dict[str, Any]:
    highlight_form = HighlightForm(None, session=session, reader=reader, number=turn.number)
    if session.campaign and session.campaign.language:  # for spelling, and for screen readers
        for field in (form.fields["words"], highlight_form.fields["quote"]):
            field.widget.attrs["lang"] = session.campaign.language
    return {
        "session": session,
        "turn": turn,
        "turn_url": turn_url(session, turn),
        "before": reader.turn(turn.number - 1),
        "after": reader.turn(turn.number + 1),
        "count": len(reader.turns),
        "names": sorted(set(reader.speakers.values())),
        "form": form,
        "highlight_form": highlight_form,
    }


def _gone(request: SignedInRequest, session: Session) -> HttpResponse:
    """Answer 404, or give back the words that were typed for a turn that is no longer there."""
    words = request.POST.get("words") or request.POST.get("quote")
    if not words:
        raise Http404
    context = {"session": session, "words": words}
    return render(request, "sessions_app/turn_gone.html", context)
