"""Answers requests that are too large with a 413 page, before anything of them is kept in memory.

=================================== =======================================================
who sends what                      may send
=================================== =======================================================
anybody, a form                     2.5 MB as ``multipart/form-data``, else 256 KB
a user who is logged in, files      64 MB, which Django writes to disk as they arrive
staff, ``multipart/form-data``      6 MB beside the files: the admin has a transcript in a form
=================================== =======================================================

A worker keeps below 300 MB, whatever of these comes at once. The usual encoding of forms takes a
hundred times as much memory as it has bytes, so large forms have to be ``multipart/form-data``.
Without a Content-Length (a chunked request) Django reads nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

MEGABYTE = 1024 * 1024
FORM_BYTES = 5 * MEGABYTE // 2
ENCODED_FORM_BYTES = MEGABYTE // 4
STAFF_FORM_BYTES = 6 * MEGABYTE
MAX_FILE_BYTES = 64 * MEGABYTE

# A browser shows the answer only after it has sent its whole request. So the rest of a request is
# read and discarded, up to this size. A browser that sends more shows a broken connection.
DISCARDED_BYTES = MAX_FILE_BYTES + FORM_BYTES
CHUNK_BYTES = 64 * 1024


class LimitUploads(MiddlewareMixin):
    """Compares the size of a request with what its sender may send, before the form is read."""

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: Any,
        kwargs: Any,
    ) -> HttpResponse | None:
        """Return the answer, or ``None`` to go on to the view."""
        if not _too_large(request):
            return None
        _discard_rest(request)
        limits = {"form_limit": FORM_BYTES / MEGABYTE, "upload_limit": MAX_FILE_BYTES // MEGABYTE}
        return render(request, "413.html", limits, status=413)


def _too_large(request: HttpRequest) -> bool:
    size = _content_length(request)
    if request.content_type != "multipart/form-data":
        return size > ENCODED_FORM_BYTES
    if size <= FORM_BYTES:
        return False
    if not request.user.is_authenticated or size > MAX_FILE_BYTES + FORM_BYTES:
        return True
    limit = STAFF_FORM_BYTES if request.user.is_staff else FORM_BYTES
    return _fields_size(request, size) > limit


def _content_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:  # Django takes that for 0, too, and so reads nothing
        return 0


def _fields_size(request: HttpRequest, size: int) -> int:
    """Return the bytes of a form without its files, which it reads and writes to disk."""
    try:
        files = [file for _, files in request.FILES.lists() for file in files]
    except RequestDataTooBig:  # more than Django's own limit
        return size
    return size - sum(file.size or 0 for file in files)


def _discard_rest(request: HttpRequest) -> None:
    remaining = DISCARDED_BYTES
    try:
        while remaining > 0 and (chunk := request.read(CHUNK_BYTES)):
            remaining -= len(chunk)
    except OSError:  # the client has disconnected
        return
