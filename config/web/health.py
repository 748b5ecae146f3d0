"""The health check for load balancers."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while PostgreSQL answers, 503 otherwise.

    AWS is not checked, because the site works without it.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse(
            "The database does not answer.\n", status=503, content_type="text/plain"
        )
    return HttpResponse("ok\n", content_type="text/plain")


class AnswerHealthChecks(MiddlewareMixin):
    """Answers ``/healthz`` before anything asks for the host's name, TLS or a session."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Return the answer, or ``None`` to go on."""
        return healthz(request) if request.path == "/healthz" else None
