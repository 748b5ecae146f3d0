"""Forms for sessions."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from campaigns.models import Campaign
from config.web.forms import CreateOnce, LongText
from config.web.tab_safe_forms import SaveChanged, TabSafeForm
from sessions_app.models import Session
from sessions_app.transcript_forms import TranscriptForm
from sessions_app.transcripts import put_transcript

MARKDOWN = "Markdown works: **bold**, *italic*, lists, headings, links."


class SessionForm(forms.ModelForm[Session]):
    """A session's campaign and what the game master writes about it."""

    played_on = forms.DateField(
        label="Played on",
        required=False,
        help_text="Sessions are listed by this day, or if it is empty, by the day you added them.",
        error_messages={"invalid": "Write the date as 2026-11-27."},
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    description = LongText(
        help_text="A line or two, shown in your lists.", widget=forms.Textarea(attrs={"rows": 2})
    )
    player_recap = LongText(
        label="Player recap",
        help_text=f"What your players see through a share link. {MARKDOWN}",
        widget=forms.Textarea(attrs={"rows": 10}),
    )
    summary = LongText(
        help_text=f"What happened, for your own memory. {MARKDOWN}",
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    notes = LongText(
        help_text=f"For your eyes only: never shared. {MARKDOWN}",
        widget=forms.Textarea(attrs={"rows": 10}),
    )

    class Meta:
        model = Session
        fields = [
            "name",
            "played_on",
            "campaign",
            "description",
            "player_recap",
            "summary",
            "notes",
        ]

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        campaign = self.fields["campaign"]
        assert isinstance(campaign, forms.ModelChoiceField)  # noqa: S101 - for mypy
        campaign.queryset = Campaign.objects.filter(owner=owner).only("name", "owner")
        campaign.empty_label = "No campaign (unfiled)"


class NewSessionForm(CreateOnce, SessionForm):
    """Creates a session, with its transcript if that was pasted or uploaded as well.

    After ``save``, ``told_day`` says if its day was taken from the transcript.
    """

    told_day = ""

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile[Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.file = files.get("file") if files else None
        self.has_transcript = bool(data and (self.file or data.get("text", "").strip()))
        self.transcript = TranscriptForm(
            *((data, files) if self.has_transcript else ()), session=self.instance
        )

    def full_clean(self) -> None:
        """Check the transcript, too, and say that the browser forgets a file if anything fails."""
        super().full_clean()
        if self.has_transcript and self.transcript.errors:
            self.add_error(None, "The transcript cannot be read, so nothing is saved yet.")
        if self.file and self.errors:
            again = "Choose the file again: your browser forgets it when a form is shown again."
            self.transcript.add_error("file", again)

    def save(self) -> Session:  # type: ignore[override] # nobody wants it unsaved
        """Create the session. Its day is taken from the transcript if nobody typed one."""
        if self.has_transcript:
            put_transcript(self.instance, self.transcript.transcript)
            self.told_day = self.transcript.take_day()
        session: Session = super().save()
        return session


class SessionEditForm(SaveChanged, TabSafeForm, SessionForm):  # type: ignore[misc]
    """Edits a session that another tab may be editing as well."""
