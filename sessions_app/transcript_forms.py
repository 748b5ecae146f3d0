"""The form that adds or replaces a transcript."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import TextField, Value
from django.db.models.functions import MD5, Cast, Concat
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict

from config.web.forms import LongText
from config.web.validators import validate_text
from sessions_app.importing import named_day
from sessions_app.models import Session
from sessions_app.transcripts import MAX_BYTES, Transcript, TranscriptError, read_transcript


class TranscriptForm(forms.Form):
    """Reads a transcript that was pasted or uploaded into ``transcript``.

    If another tab has saved a transcript since this form was loaded, the person is told, and only
    the next save replaces it.
    """

    text = LongText(
        label="Paste the transcript",
        help_text="Start each line with the speaker: “MATT: Roll for initiative.”",
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
    )
    file = forms.FileField(
        label="Or choose a file",
        required=False,
        help_text="Amazon Transcribe JSON, WebVTT, SRT or plain text, up to ten hours of talk.",
        widget=forms.FileInput(
            attrs={"accept": ".txt,.md,.json,.vtt,.srt,text/plain", "data-max-bytes": MAX_BYTES}
        ),
    )
    loaded = forms.CharField(
        required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"})
    )

    data: QueryDict
    transcript: Transcript
    file_name: str  # empty if the text was pasted

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile[Any]] | None = None,
        *,
        session: Session,
    ) -> None:
        self.session = session
        self.stored = transcript_fingerprint(session)
        super().__init__(data, files, initial={"loaded": self.stored})

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        self.file_name, read = self._input(cleaned)
        try:
            self.transcript = read_transcript(read(), self.file_name)
            validate_text(self.transcript.text)
        except TranscriptError as error:
            raise ValidationError(str(error), code="unreadable") from None
        if self.session.has_transcript and cleaned["loaded"] != self.stored:
            self.data = self.data.copy()
            self.data["loaded"] = self.stored
            raise ValidationError(
                "Another tab has saved a transcript of this session. Yours is not saved yet: "
                "saving again replaces the other one.",
                code="clash",
            )
        return cleaned

    def take_day(self) -> str:
        """Date the session, if nobody has, by the name of the file or of its job, and say so.

        The caller saves. The sentence begins with a space; it is empty if no day was taken.
        """
        day, source = named_day(self.file_name, self.transcript)
        if self.session.played_on or day is None:
            return ""
        self.session.played_on = day
        return f" The {source}’s name says that you played on {day.day} {day:%B %Y}."

    def _input(self, cleaned: dict[str, Any]) -> tuple[str, Callable[[], bytes]]:
        """Return the file's name, or an empty one for a text that was pasted, and what reads it."""
        file: UploadedFile[Any] | None = cleaned.get("file")
        text: str = cleaned.get("text") or ""
        if file is not None and text.strip():
            raise ValidationError("Paste the transcript or choose a file, not both.", code="both")
        if file is not None:
            validate_text(file.name or "")
            return file.name or "The file", partial(file.read, MAX_BYTES + 1)
        if not text.strip():
            raise ValidationError("Paste the transcript, or choose a file.", code="required")
        return "", text.encode


def tell_notes(request: HttpRequest, transcript: Transcript) -> None:
    """Tell the person how a transcript was read, and what was left out."""
    for note in transcript.notes:
        messages.info(request, note)


def transcript_fingerprint(session: Session) -> str:
    """Return a hash that changes whenever the stored transcript does.

    PostgreSQL computes it: the JSON may have many megabytes.
    """
    if session._state.adding:
        return ""
    json_text = Cast("transcript_json", TextField())
    stored = Concat("transcript_text", Value("\n"), json_text, output_field=TextField())
    hashes = Session.objects.filter(pk=session.pk).values_list(MD5(stored), flat=True)
    return hashes.first() or ""
