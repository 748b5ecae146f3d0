"""Measures uploads while they arrive, and answers those that are too large with a 413 page."""

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

MAX_FILE_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 64 * 1024

# A browser shows the answer only after it has sent its whole request. So the rest of a request is
# read and discarded, up to this size. A browser that sends more shows a broken connection.
MAX_READ_BYTES = 256 * 1024 * 1024


class MeasuredUpload(FileUploadHandler):
    """Stops a request whose files together exceed the limit, and deletes what was received."""

    received = 0  # bytes of all files: each request has a handler of its own
    exceeded = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > MAX_FILE_BYTES:
            self.exceeded = True
            raise StopUpload(connection_reset=True)  # closes and so deletes its files
        return raw_data  # for the next handler, which stores it

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        return None


class LimitUploads(MiddlewareMixin):
    """Reads a submitted form before any other code does, and answers 413 if it is too large."""

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: Any,
        kwargs: Any,
    ) -> HttpResponse | None:
        """Return the answer, or ``None`` to go on to the view."""
        if request.method != "POST":
            return None
        if not _too_large(request):
            return None
        _discard_rest(request)
        return render(request, "413.html", {"limit": MAX_FILE_BYTES // 1024**2}, status=413)


def _too_large(request: HttpRequest) -> bool:
    try:
        request.POST  # noqa: B018 - parses the body
    except RequestDataTooBig:  # the form without its files
        return True
    handlers = request.upload_handlers
    return any(isinstance(handler, MeasuredUpload) and handler.exceeded for handler in handlers)


def _discard_rest(request: HttpRequest) -> None:
    remaining = MAX_READ_BYTES - settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    try:
        while remaining > 0 and (chunk := request.read(CHUNK_BYTES)):
            remaining -= len(chunk)
    except OSError:  # the client has disconnected
        return
