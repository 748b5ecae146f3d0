"""Downloads: a session as one file, a campaign as an archive, and everything as an archive."""

from tempfile import TemporaryFile
from typing import TypeVar

from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from config.web.access import SignedInRequest, owned
from config.web.large_work import LARGE, one_at_a_time
from sessions_app.exports import (
    FORMATS,
    Archive,
    NoTimes,
    archive_campaign,
    archive_everything,
    export,
)
from sessions_app.models import Session

R = TypeVar("R", bound=HttpResponseBase)


@owned(Campaign.objects.all())
@require_safe
def campaign(request: SignedInRequest, found: Campaign) -> HttpResponseBase:
    """Send a campaign with all its sessions."""
    return _stream(request, archive_campaign(found))


@require_safe
def everything(request: SignedInRequest) -> HttpResponseBase:
    """Send all campaigns and sessions of the user."""
    return _stream(request, archive_everything(request.user))


@owned(Session.objects.with_json_as_text().select_related("campaign"))
@require_safe
def session(request: SignedInRequest, found: Session) -> HttpResponseBase:
    """Send a session in the format of ``?as=``; with ``&private=1`` summary and notes go along.

    Answers 404 to an unknown format, and to WebVTT if the transcript has no times.
    """
    extension = request.GET.get("as", "")
    if extension not in FORMATS:
        raise Http404
    with one_at_a_time():
        try:
            file = export(found, extension, private=request.GET.get("private") == "1")
        except NoTimes:
            raise Http404 from None
        if len(file.content) <= LARGE:  # else the reader may be slow
            response = HttpResponse(file.content, content_type=file.content_type)
            return _as_attachment(response, file.name)
        spool = TemporaryFile()  # noqa: SIM115 - the response closes it
        spool.write(file.content)
        spool.seek(0)
        return FileResponse(
            spool, as_attachment=True, filename=file.name, content_type=file.content_type
        )


def _stream(request: SignedInRequest, archive: Archive) -> HttpResponseBase:
    """Answer with an archive that is packed while it is sent; with its headers alone to HEAD."""
    chunks = () if request.method == "HEAD" else archive.chunks
    response = StreamingHttpResponse(chunks, content_type="application/zip")
    return _as_attachment(response, archive.name)


def _as_attachment(response: R, name: str) -> R:
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"  # noqa: FBT003 - Django's own signature
    return response
