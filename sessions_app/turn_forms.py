"""Forms for one turn of a transcript: to correct it, and to highlight words of it."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from config.web.forms import LongText
from config.web.tab_safe_forms import TabSafeForm
from config.web.validators import validate_text
from sessions_app.highlights import (
    MAX_HIGHLIGHTS,
    MAX_QUOTE,
    QuoteFinder,
    make_highlight,
    with_whole_words,
)
from sessions_app.models import Highlight, Session
from sessions_app.transcript_reader import NumberedTurn, TranscriptReader
from sessions_app.transcripts import MAX_LABEL_LENGTH, Turn

EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")


class TurnForm(TabSafeForm, forms.Form):
    """Corrects a turn that another tab may be correcting as well.

    After ``is_valid``, ``label`` and ``texts`` say what becomes of it.
    """

    speaker = forms.CharField(
        required=False,
        max_length=MAX_LABEL_LENGTH,
        validators=[validate_text],
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "speakers"}),
        help_text="For this turn only. Choose a name, or type a new one.",
    )
    words = LongText(
        required=True,
        error_messages={"required": "A turn needs words. To remove it, delete it."},
        help_text="An empty line splits the turn in two.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self, data: QueryDict | None, *, turn: NumberedTurn, reader: TranscriptReader
    ) -> None:
        self.turn = turn.turn
        self.speakers = reader.speakers
        super().__init__(
            data,
            initial={"speaker": self.turn.speaker_name or "", "words": self.turn.text},
        )
        self.fields["turn"] = forms.CharField(
            required=False,
            initial=fingerprint(reader, turn.number),
            widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
        )
        if data is not None:
            self._set_data("turn", fingerprint(reader, turn.number))

    @property
    def label(self) -> str | None:
        """The label of the speaker who was typed: one with this name, or else the name itself."""
        name = " ".join(self.cleaned_data["speaker"].split())
        if name == (self.turn.speaker_name or ""):
            return self.turn.speaker_label
        labels = {shown: label for label, shown in reversed(self.speakers.items())}
        return labels.get(name, name) or None

    @property
    def texts(self) -> list[str]:
        """The words, divided at empty lines."""
        lines = "\n".join(line.strip() for line in self.cleaned_data["words"].split("\n"))
        return [text for part in EMPTY_LINES.split(lines) if (text := part.strip())]

    def clean_words(self) -> str:
        words: str = self.cleaned_data["words"]
        if not words.strip():
            raise ValidationError(self.fields["words"].error_messages["required"])
        return words


class HighlightForm(forms.Form):
    """Highlights words of a turn. After ``is_valid``, ``highlight`` is not saved yet."""

    quote = LongText(
        label="Words to keep",
        help_text="Keep what was said, word for word, and delete the rest.",
        widget=forms.Textarea(attrs={"rows": 2, "form": "turn-form"}),
    )

    highlight: Highlight

    def __init__(
        self, data: QueryDict | None, *, session: Session, reader: TranscriptReader, number: int
    ) -> None:
        self.session = session
        self.reader = reader
        self.number = number
        turn = reader.turn(number)
        super().__init__(data, initial={"quote": turn.turn.text if turn else ""})

    def clean_quote(self) -> str:
        quote: str = self.cleaned_data["quote"].strip()
        if not quote:
            raise ValidationError("Which words? Type them, or copy them from the turn.")
        _refuse_too_long(quote)
        return quote

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        found = QuoteFinder(self.reader).find(cleaned["quote"], self.number)
        if found is None:
            raise ValidationError("The transcript does not have these words in a row.")
        quote = with_whole_words(cleaned["quote"], found.turn.text)
        _refuse_too_long(quote)
        marked = self.session.highlights.all()
        kept = marked.filter(quote=quote, turn=found.number).first()  # pressed twice
        if kept is None and marked.count() >= MAX_HIGHLIGHTS:
            raise ValidationError(
                f"This session has {MAX_HIGHLIGHTS} highlights, the most it can have. "
                "Remove one first."
            )
        self.highlight = kept or make_highlight(self.session, found, quote)
        return cleaned


def _refuse_too_long(quote: str) -> None:
    if len(quote) > MAX_QUOTE:
        raise ValidationError(
            f"A highlight has up to {MAX_QUOTE:,} characters: these are {len(quote):,}."
        )


def fingerprint(reader: TranscriptReader, number: int) -> str:
    """Return what a turn is found again by: hashes of it, and of the turns before and after it.

    ``Yeah.`` is said a hundred times an evening, but seldom between the same turns.
    """
    around = (number, number - 1, number + 1)
    return "-".join(_hash(turn.turn) if (turn := reader.turn(place)) else "" for place in around)


def is_changed(turn: NumberedTurn, loaded: str) -> bool:
    """Whether a turn is not the one that a form was loaded with."""
    return loaded.partition("-")[0] != _hash(turn.turn)


def find_turn(reader: TranscriptReader, number: int, loaded: str) -> NumberedTurn | None:
    """Return the turn that a form was loaded with, even if turns before it were cut or deleted.

    If it was changed meanwhile, it is the turn that now has its number.
    """
    turn = reader.turn(number)
    if loaded and (turn is None or is_changed(turn, loaded)):
        same = [
            place for place in range(1, len(reader.turns) + 1) if _is_same(reader, place, loaded)
        ]
        if len(same) == 1:
            return reader.turn(same[0])
    return turn


def _is_same(reader: TranscriptReader, number: int, loaded: str) -> bool:
    """Whether this is the turn of a form: it, and a turn beside it, are as they were."""
    turn = reader.turn(number)
    if turn is None or is_changed(turn, loaded):
        return False
    _, *beside = fingerprint(reader, number).split("-")
    return any(now == then for now, then in zip(beside, loaded.split("-")[1:], strict=False))


def _hash(turn: Turn) -> str:
    said = f"{turn.speaker_label}\n{turn.start}\n{turn.text}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]
