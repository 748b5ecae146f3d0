"""Uploads are measured while they stream in: what is too large is answered with a friendly 413."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

MAX_FILE_BYTES = 10 * 1024 * 1024
CHUNK_BYTES = 64 * 1024

# A browser shows the answer only when it could send its request to the end. Up to here the rest
# is read and dropped for its sake; who sends more sees a broken connection.
PATIENCE_BYTES = 64 * 1024 * 1024


class MeasuredUpload(FileUploadHandler):
    """Stops files that together grow beyond the limit; nothing is kept, on disk or in memory."""

    received = 0  # of the whole request: each has a handler of its own
    exceeded = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > MAX_FILE_BYTES:
            self.exceeded = True
            raise StopUpload(connection_reset=True)  # closes, and so deletes, what was received
        return raw_data  # on to the handler that keeps it

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        return None


class LimitUploads(MiddlewareMixin):
    """Reads a posted form before anybody else does, and answers 413 where it is too large."""

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: Any,
        kwargs: Any,
    ) -> HttpResponse | None:
        """Answer instead of the view, or let it go on."""
        if request.method != "POST":
            return None
        if not _too_large(request):
            return None
        _drop_rest(request)
        return render(request, "413.html", {"limit": MAX_FILE_BYTES // 1024**2}, status=413)


def _too_large(request: HttpRequest) -> bool:
    try:
        request.POST  # noqa: B018 - parses the body
    except RequestDataTooBig:  # the fields of the form, without its files
        return True
    handlers = request.upload_handlers
    return any(isinstance(handler, MeasuredUpload) and handler.exceeded for handler in handlers)


def _drop_rest(request: HttpRequest) -> None:
    left = PATIENCE_BYTES - settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    try:
        while left > 0 and (chunk := request.read(CHUNK_BYTES)):
            left -= len(chunk)
    except OSError:  # the visitor is gone
        return
