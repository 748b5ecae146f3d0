"""Forms for transcripts and for the names of their speakers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from config.web.tab_safe_forms import TabSafeForm
from config.web.validators import validate_text
from sessions_app.models import Session
from sessions_app.transcripts import MAX_BYTES, Transcript, TranscriptError, read_transcript

MAX_SPEAKER_NAME = 100
NAME_PREFIX = "name-"  # of the form field for a speaker's name, before the label


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
        help_text="Amazon Transcribe JSON, WebVTT, SRT or plain text, of ten hours or more.",
        widget=forms.FileInput(
            attrs={"accept": ".txt,.md,.json,.vtt,.srt,text/plain", "data-max-bytes": MAX_BYTES}
        ),
    )
    loaded = forms.CharField(
        required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"})
    )

    data: QueryDict
    transcript: Transcript

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
        file_name, content = self._input(cleaned)
        try:
            self.transcript = read_transcript(content, file_name)
            validate_text(self.transcript.text)
        except TranscriptError as error:
            raise ValidationError(str(error), code="unreadable") from None
        if self.session.has_transcript and cleaned["loaded"] != self.stored:
            self.data = self.data.copy()
            self.data["loaded"] = self.stored
            raise ValidationError(
                "Another tab saved a transcript of this session meanwhile. Yours is not saved yet: "
                "saving again replaces the other one.",
                code="clash",
            )
        return cleaned

    def _input(self, cleaned: dict[str, Any]) -> tuple[str, bytes]:
        """Return the file's name and content, or an empty name and the text that was pasted."""
        file: UploadedFile[Any] | None = cleaned.get("file")
        text: str = cleaned.get("text") or ""
        if file is not None and text.strip():
            raise ValidationError("Paste the transcript or choose a file, not both.", code="both")
        if file is not None:
            validate_text(file.name or "")
            return file.name or "The file", file.read(MAX_BYTES + 1)
        if not text.strip():
            raise ValidationError("Paste the transcript, or choose a file.", code="required")
        return "", text.encode()


def tell_notes(request: HttpRequest, transcript: Transcript) -> None:
    """Tell the person how a transcript was read, and what was left out."""
    for note in transcript.notes:
        messages.info(request, note)


class NumberedField(forms.BoundField):
    """A field whose HTML id is its number: a label may have spaces, which an id must not have."""

    @property
    def auto_id(self) -> str:
        return f"id_{list(self.form.fields).index(self.name)}"


class SpeakerNamesForm(forms.Form):
    """One field for each speaker label. An empty field means that the label itself is shown."""

    bound_field_class = NumberedField

    def __init__(
        self, data: QueryDict | None, *, labels: Iterable[str], names: Mapping[str, Any]
    ) -> None:
        super().__init__(
            data, initial={NAME_PREFIX + label: names.get(label, "") for label in labels}
        )
        for label in labels:
            self.fields[NAME_PREFIX + label] = forms.CharField(
                label=label,
                required=False,
                max_length=MAX_SPEAKER_NAME,
                validators=[validate_text],
                widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": label}),
            )


class SpeakersForm(TabSafeForm, SpeakerNamesForm):
    """Names the speakers of a transcript that another tab may be replacing.

    The hidden field ``transcript`` says for which transcript the names were typed. If it is not the
    stored one any more, the same labels may mean other people, so the person has to confirm.
    """

    def __init__(self, data: QueryDict | None, *, session: Session, labels: list[str]) -> None:
        # Another program may have written anything into the field.
        stored = session.speaker_names
        self.stored_names: dict[str, Any] = stored if isinstance(stored, dict) else {}
        self.stored_transcript = transcript_fingerprint(session)
        super().__init__(data, labels=labels, names=self.stored_names)
        self.fields["transcript"] = forms.CharField(
            widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
            required=False,
            initial=self.stored_transcript,
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        loaded_transcript = cleaned.get("transcript")
        if loaded_transcript and loaded_transcript != self.stored_transcript:
            self._ask_to_confirm()
        return cleaned

    @property
    def names(self) -> dict[str, Any] | None:
        """The names to store, by label; ``None`` if there are none.

        Stored names of labels that this transcript does not have are kept.
        """
        typed = {
            field.removeprefix(NAME_PREFIX): self.cleaned_data[field] for field in self.tab_safe
        }
        all_names = self.stored_names | typed
        return {label: name for label, name in all_names.items() if name} or None

    def _ask_to_confirm(self) -> None:
        """Show the form again, now for the stored transcript, with the names that fit no label."""
        self.data["transcript"] = self.stored_transcript  # type: ignore[index] # it is a copy
        self.add_error(
            None,
            "Another tab replaced the transcript meanwhile. The names are not saved yet: see "
            "whether they still fit, and save again.",
        )
        if names := self._names_without_field():
            self.add_error(None, f"No longer in the transcript: {names}.")

    def _names_without_field(self) -> str:
        """List the names that were typed for labels which the stored transcript does not have."""
        return ", ".join(
            f"{field.removeprefix(NAME_PREFIX)}: {name}"
            for field, name in self.data.items()
            if field.startswith(NAME_PREFIX) and field not in self.fields and name
        )


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
