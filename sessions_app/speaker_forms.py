"""The form that names the speakers of a transcript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from config.web.tab_safe_forms import TabSafeForm
from config.web.validators import validate_text
from sessions_app.models import Session
from sessions_app.transcript_forms import transcript_fingerprint
from sessions_app.transcripts import MAX_LABEL_LENGTH
from sessions_app.transcripts.speaker_names import people_in, shown_name
from sessions_app.voices import Voice

NAME_PREFIX = "name-"  # of the form field for a speaker's name, before the label
SAMPLE_WORDS = 20


class NumberedField(forms.BoundField):
    """A field whose HTML id is its number: a label may have spaces, which an id must not have."""

    @property
    def auto_id(self) -> str:
        return f"id_{list(self.form.fields).index(self.name)}"


class SpeakerNamesForm(forms.Form):
    """One field for each speaker label. An empty field means that the label itself is shown."""

    bound_field_class = NumberedField

    def __init__(
        self, data: QueryDict | None, *, speakers: Sequence[Voice], names: Mapping[str, Any]
    ) -> None:
        super().__init__(
            data,
            initial={NAME_PREFIX + voice.label: names.get(voice.label, "") for voice in speakers},
        )
        joint = [people for voice in speakers if len(people := people_in(voice.label)) > 1]
        together = set(chain.from_iterable(joint))
        given = {label: str(name) for label, name in names.items() if name}
        for voice in speakers:
            shown = shown_name(voice.label, {**given, voice.label: ""})
            self.fields[NAME_PREFIX + voice.label] = forms.CharField(
                label=voice.label,
                required=False,
                max_length=MAX_LABEL_LENGTH,
                validators=[validate_text],
                help_text=_about(voice, alone=voice.label in together),
                widget=forms.TextInput(
                    attrs={"autocomplete": "off", "placeholder": shown, "list": "names"}
                ),
            )


class SpeakersForm(TabSafeForm, SpeakerNamesForm):
    """Names the speakers of a transcript that another tab may be replacing.

    The hidden field ``transcript`` says for which transcript the names were typed. If it is not the
    stored one any more, the same labels may mean other people, so the person has to confirm.
    """

    def __init__(
        self, data: QueryDict | None, *, session: Session, speakers: Sequence[Voice]
    ) -> None:
        # Another program may have written anything into the field.
        stored = session.speaker_names
        self.stored_names: dict[str, Any] = stored if isinstance(stored, dict) else {}
        self.stored_transcript = transcript_fingerprint(session)
        super().__init__(data, speakers=speakers, names=self.stored_names)
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
            "Another tab has replaced the transcript. The names are not saved yet: check that they "
            "still fit, and save again.",
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


def _about(voice: Voice, *, alone: bool) -> SafeString:
    """Return how much and what a speaker says, as HTML: ``alone`` if also together with others."""
    words = f"{voice.words:,} word{'' if voice.words == 1 else 's'}{' alone' if alone else ''}"
    people = people_in(voice.label)
    if len(people) > 1:
        together = f"{', '.join(people[:-1])} and {people[-1]}"
        words += f". {together} together: leave it empty to show the name of each"
    samples = format_html_join(
        "",
        '<span class="sample">“{}”</span>',
        ((Truncator(sample).words(SAMPLE_WORDS),) for sample in voice.samples),
    )
    return format_html("{}.{}", words, samples)
