"""Whether this process is alive (``/healthz``), and whether the site can serve (``/readyz``).

A service manager that asks the first restarts a process that hangs, and never because PostgreSQL
is away: that would help nobody. A load balancer that asks the second sends visitors elsewhere.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

from django.conf import settings
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.deprecation import MiddlewareMixin
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.web.metrics import metrics

PATIENCE = 2.0  # seconds

Answer = tuple[int, dict[str, Any]]  # status, JSON


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if this process answers at all. It asks nothing of anybody."""
    return HttpResponse("ok\n", content_type="text/plain")


class ReadyCheck:
    """Looks at the database, on a thread: a server that hangs gets past every other limit.

    One look at a time. Whoever asks meanwhile is given the same answer, so that however often
    strangers ask, each process has one connection to PostgreSQL more, and no more.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answer: Future[Answer] | None = None

    def answer(self) -> Answer:
        """Return the answer, after two seconds at most."""
        with self._lock:
            if self._answer is None or self._answer.done():
                self._answer = Future()
                threading.Thread(target=_look, args=[self._answer], daemon=True).start()
            answer = self._answer
        try:
            return answer.result(timeout=PATIENCE)
        except TimeoutError:
            return _not_ready("the database does not answer in time")


def _look(answer: Future[Answer]) -> None:
    try:
        answer.set_result(_state())
    except Exception as error:  # noqa: BLE001 - whatever it is, the site is not ready; by class,
        # as the driver's message names hosts
        answer.set_result(_not_ready(f"the database does not answer ({type(error).__name__})"))
    finally:
        connections.close_all()


def _state() -> Answer:
    """Return what PostgreSQL says. What the apps add is told, and does not make it unready."""
    connection = connections["default"]
    with transaction.atomic(), connection.cursor() as cursor:
        limit = str(int(PATIENCE * 1000))
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [limit])
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            return _not_ready(f"migrations are not applied: {len(missing)}")
        return 200, {"ready": True} | {
            name: import_string(path)() for name, path in settings.READYZ_DETAILS.items()
        }


def _not_ready(why: str) -> Answer:
    return 503, {"ready": False, "why": why}


ready_check = ReadyCheck()


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if PostgreSQL answers and has this release's tables, or else 503.

    AWS is not asked, and a backlog is no reason to send visitors away: the site works without it.
    """
    status, content = ready_check.answer()
    return JsonResponse(content, status=status)


PATHS = {"/healthz": healthz, "/readyz": readyz}


class AnswerMonitoring(MiddlewareMixin):
    """Answers those who watch before anything asks for the host's name, TLS or a session."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Return the answer, or ``None`` to go on."""
        view = PATHS.get(request.path)
        if request.path == "/metrics" and settings.METRICS_TOKEN:
            view = metrics
        return view(request) if view else None
