"""Forms for importing many files at once, and for the dates of the sessions that they became."""

from collections.abc import Iterable
from pathlib import PurePath
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from campaigns.models import Campaign
from sessions_app.models import Session

EXTENSIONS = (".txt", ".md", ".json", ".vtt", ".srt", ".zip")


class ManyFilesInput(forms.FileInput):
    """Lets people choose several files, or with ``webkitdirectory`` a folder."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if isinstance(files, MultiValueDict) else []


class ManyFilesField(forms.FileField):
    """Cleans to a list of files, which is empty if none was chosen."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        return list(data or [])


class ImportForm(forms.Form):
    """Files, and the campaign that takes their sessions."""

    campaign = forms.ModelChoiceField(
        Campaign.objects.none(),
        required=False,
        empty_label="None, unless the file names one",
        help_text="If you choose none, transcripts stay unfiled, and downloaded sessions go back "
        "to the campaign they came from.",
    )
    file = ManyFilesField(
        label="Files",
        required=False,
        help_text="Transcripts (Amazon Transcribe JSON, WebVTT, SRT, plain text), and what you "
        "downloaded here: sessions (JSON) and campaigns (ZIP).",
        widget=ManyFilesInput(attrs={"accept": ",".join(EXTENSIONS), "multiple": True}),
    )
    folder = ManyFilesField(
        label="Or a folder",
        required=False,
        widget=ManyFilesInput(attrs={"webkitdirectory": True, "multiple": True}),
    )

    # A table for the dates of all that was imported from one visit to the page.
    batch = forms.CharField(required=False, initial=uuid4, widget=forms.HiddenInput)

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        campaign = self.fields["campaign"]
        assert isinstance(campaign, forms.ModelChoiceField)  # noqa: S101 - for mypy
        campaign.queryset = Campaign.objects.filter(owner=owner).only("name", "owner")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not self.chosen:
            raise ValidationError("Choose the files to import.", code="required")
        return cleaned

    @property
    def chosen(self) -> list[UploadedFile[Any]]:
        """The files. A folder has files of other programs, too, which are left out."""
        in_folder: list[UploadedFile[Any]] = self.cleaned_data.get("folder", [])
        return [
            *self.cleaned_data.get("file", []),
            *(file for file in in_folder if _extension(file) in EXTENSIONS),
        ]


def _extension(file: UploadedFile[Any]) -> str:
    return PurePath(file.name or "").suffix.lower()


class DatesForm(forms.Form):
    """The days of play of several sessions.

    Only days that were changed in this form are saved, so it undoes nothing that another tab did.
    """

    def __init__(self, data: QueryDict | None, *, sessions: Iterable[Session]) -> None:
        super().__init__(data)
        self.sessions = list(sessions)
        for session in self.sessions:
            self.fields[str(session.pk)] = forms.DateField(
                label=session.name,
                initial=session.played_on,
                required=False,
                show_hidden_initial=True,  # the day that this form was loaded with
                widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            )

    def save(self) -> None:
        """Save the days that were changed."""
        for session in self.sessions:
            if str(session.pk) in self.changed_data:
                session.played_on = self.cleaned_data[str(session.pk)]
                session.save(update_fields=["played_on", "updated_at"])
