"""The forms of a transcript."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from config.web.forms import LongText, TabSafeForm
from config.web.validators import validate_text
from sessions_app.models import Session
from sessions_app.transcripts import Transcript, TranscriptError, read_transcript

MAX_SPEAKER_NAME = 100


class TranscriptForm(forms.Form):
    """Pasted text or a file. What another tab saved meanwhile is not replaced unseen."""

    text = LongText(
        label="Paste the transcript",
        help_text="Lines such as “MATT: Roll for initiative.” tell who speaks.",
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
    )
    file = forms.FileField(
        label="Or choose a file",
        required=False,
        help_text="Amazon Transcribe JSON, WebVTT, SRT or plain text; up to 10 MB.",
        widget=forms.FileInput(attrs={"accept": ".txt,.md,.json,.vtt,.srt,text/plain"}),
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
        self.stored = fingerprint(session)
        super().__init__(data, files, initial={"loaded": self.stored})

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        name, content = self._source(cleaned)
        try:
            self.transcript = read_transcript(content, name)
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

    def _source(self, cleaned: dict[str, Any]) -> tuple[str, bytes]:
        file: UploadedFile[Any] | None = cleaned.get("file")
        text: str = cleaned.get("text") or ""
        if file is not None and text.strip():
            raise ValidationError("Paste the transcript or choose a file, not both.", code="both")
        if file is not None:
            validate_text(file.name or "")
            return file.name or "The file", file.read()
        if not text.strip():
            raise ValidationError("Paste the transcript, or choose a file.", code="required")
        return "", text.encode()


class NumberedField(forms.BoundField):
    """A field with its number as id: a label may have spaces, which divide one id from the next."""

    @property
    def auto_id(self) -> str:
        return f"id_{list(self.form.fields).index(self.name)}"


class SpeakersForm(TabSafeForm, forms.Form):
    """One field for each speaker label of the transcript; an empty one shows the label itself."""

    bound_field_class = NumberedField

    def __init__(self, data: QueryDict | None, *, session: Session, labels: list[str]) -> None:
        # Somebody else's program may have put anything there.
        stored = session.speaker_names
        self.stored_names: dict[str, Any] = stored if isinstance(stored, dict) else {}
        self.base_fields = {  # type: ignore[misc] # its fields are those of this transcript
            f"name-{label}": forms.CharField(
                label=label,
                required=False,
                max_length=MAX_SPEAKER_NAME,
                validators=[validate_text],
                widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": label}),
            )
            for label in labels
        }
        initial = {f"name-{label}": self.stored_names.get(label, "") for label in labels}
        super().__init__(data, initial=initial)
        self.transcript = fingerprint(session)
        self.fields["transcript"] = forms.CharField(
            widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
            required=False,
            initial=self.transcript,
        )

    def clean(self) -> dict[str, Any]:
        """Save nothing under labels of a transcript that is there no more: they tell of others."""
        cleaned = super().clean()
        if cleaned.get("transcript") and cleaned["transcript"] != self.transcript:
            self.data["transcript"] = self.transcript  # type: ignore[index] # a copy
            self.add_error(
                None,
                "Another tab replaced the transcript meanwhile. The names are not saved yet: see "
                "whether they still fit, and save again.",
            )
            if gone := self._typed_for_nobody():
                self.add_error(None, f"No longer in the transcript: {gone}.")
        return cleaned

    def _typed_for_nobody(self) -> str:
        typed = {name: value for name, value in self.data.items() if name not in self.fields}
        return ", ".join(
            f"{name.removeprefix('name-')}: {value}"
            for name, value in typed.items()
            if name.startswith("name-") and value
        )

    @property
    def names(self) -> dict[str, Any] | None:
        """What to store: the names of labels that this transcript does not have stay, too."""
        typed = {name.removeprefix("name-"): self.cleaned_data[name] for name in self.tab_safe}
        return {label: name for label, name in (self.stored_names | typed).items() if name} or None


def fingerprint(session: Session) -> str:
    """Tell one stored transcript from another."""
    return hashlib.sha256(
        f"{session.transcript_text}\n{session.transcript_json}".encode()
    ).hexdigest()
