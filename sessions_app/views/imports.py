"""The pages that import many files, and set the dates of what they became."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from campaigns.models import Campaign
from config.web.access import SignedInRequest
from config.web.forms import parse_uuid, posted
from config.web.large_work import uploads_one_at_a_time
from config.web.uploads import MAX_FILE_BYTES
from sessions_app import importing
from sessions_app.import_forms import DatesForm, ImportForm
from sessions_app.importing import ImportRefused, ImportResult
from sessions_app.models import Session

# The login session keeps which sessions were imported last, so that a page can ask for all their
# dates at once: {"batch": the visit to the import page, "ids": [...]}.
RECENT = "imported"
MAX_RECENT = 200


@dataclass
class FileReport:
    """What became of a file. ``error`` says why it was refused, if it was."""

    name: str
    result: ImportResult = field(default_factory=ImportResult)
    error: str = ""


@uploads_one_at_a_time
@require_http_methods(["GET", "HEAD", "POST"])
def files(request: SignedInRequest) -> HttpResponse:
    """Import files, each for itself, and say what became of each.

    A script posts one file at a time, and takes its part of the list out of the page.
    """
    form = ImportForm(
        posted(request),
        request.FILES or None,
        owner=request.user,
        initial={"campaign": parse_uuid(request.GET.get("campaign", ""))},
    )
    reports: list[FileReport] = []
    if form.is_valid():
        campaign = form.cleaned_data["campaign"]
        reports = [_import(request, file, campaign) for file in form.chosen]
        _remember(request, form.cleaned_data["batch"], reports)
    context: dict[str, Any] = {
        "form": form,
        "reports": reports,
        "limit": MAX_FILE_BYTES,
        "new": sum(len(report.result.new) for report in reports),
    }
    return render(request, "sessions_app/import.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def dates(request: SignedInRequest) -> HttpResponse:
    """Set the days of play of the sessions that were imported last."""
    form = DatesForm(posted(request), sessions=_recent(request))
    if form.is_valid():
        form.save()
        messages.success(request, "Dates saved.")
        campaigns = {session.campaign_id for session in form.sessions}
        only = campaigns.pop() if len(campaigns) == 1 else None
        return redirect("campaign", only) if only else redirect("dashboard")
    return render(request, "sessions_app/import_dates.html", {"form": form})


def _import(
    request: SignedInRequest, file: UploadedFile[Any], campaign: Campaign | None
) -> FileReport:
    name = importing.printable(file.name or "The file")
    try:
        result = importing.import_file(request.user, file, name, campaign)
    except ImportRefused as error:
        return FileReport(name, error=str(error))
    return FileReport(name, result)


def _remember(request: SignedInRequest, batch: str, reports: list[FileReport]) -> None:
    recent = request.session.get(RECENT, {})
    ids = recent["ids"] if recent.get("batch") == batch else []
    ids += [str(new.session_id) for report in reports for new in report.result.new]
    request.session[RECENT] = {"batch": batch, "ids": ids[-MAX_RECENT:]}


def _recent(request: SignedInRequest) -> QuerySet[Session]:
    own = Session.objects.for_list().filter(owner=request.user)
    return own.filter(pk__in=request.session.get(RECENT, {}).get("ids", [])).order_by("name", "pk")
