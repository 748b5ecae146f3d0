"""An id for each request, in the answer's header and in every line of the log about it."""

from __future__ import annotations

import re
from uuid import uuid4

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from config.logs import request_id
from config.proxies import is_trusted, parse_address

HEADER = "X-Request-ID"
SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class GiveRequestIds(MiddlewareMixin):
    """Takes the id that a trusted proxy has given, or makes one up."""

    def process_request(self, request: HttpRequest) -> None:
        """Note the id for the log, until the request is finished."""
        given = request.headers.get(HEADER, "")
        trusted = is_trusted(parse_address(request.META.get("REMOTE_ADDR", "")))
        request_id.set(given if trusted and SANE.fullmatch(given) else uuid4().hex)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response.headers[HEADER] = request_id.get()
        return response


def forget(**_: object) -> None:
    """Let later lines of this thread have no id (``request_finished``)."""
    request_id.set("")
