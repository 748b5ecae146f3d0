"""Downloads of a session as one file and of a campaign as one archive."""

from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from config.web.access import SignedInRequest, owned
from sessions_app.exports import FORMATS, NoTimes, archive_campaign, export
from sessions_app.models import Session


@owned(Campaign.objects.all())
@require_safe
def campaign(request: SignedInRequest, found: Campaign) -> HttpResponseBase:
    """Send a campaign with all its sessions."""
    archive = archive_campaign(found)
    # The response closes the file, which removes it.
    return FileResponse(archive.file, as_attachment=True, filename=archive.name)


@owned(Session.objects.select_related("campaign"))
@require_safe
def session(request: SignedInRequest, found: Session) -> HttpResponse:
    """Send a session in the format of ``?as=``.

    Answers 404 to an unknown format, and to WebVTT if the transcript has no times.
    """
    extension = request.GET.get("as", "")
    if extension not in FORMATS:
        raise Http404
    try:
        file = export(found, extension)
    except NoTimes:
        raise Http404 from None
    response = HttpResponse(file.content, content_type=file.content_type)
    response["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"  # noqa: FBT003 - Django's own signature
    return response
