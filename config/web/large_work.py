"""Lets a process do one thing at a time that takes much memory: reading or writing a transcript.

Python computes one thing at a time anyway, so nobody waits longer than without this; but four of
them together would take four times the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Condition, get_ident
from typing import Concatenate, ParamSpec, TypeVar

from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)

WAIT = 30  # seconds that an upload waits for those before it; a proxy waits for 60

LARGE = 1024 * 1024  # bytes of text: what is smaller takes no memory worth the care

# The threads that do large work or wait for it; the first one has its turn. A lock would not do:
# a thread that takes it again at once is faster than those that it wakes up.
_queue: list[int] = []
_moved = Condition()


class Busy(Exception):
    """Those before it took too long."""


@contextmanager
def one_at_a_time(timeout: float | None = None) -> Iterator[None]:
    """Wait for other large work of this process, and keep it waiting meanwhile.

    Work in one thread may be nested. Raises ``Busy`` after ``timeout`` seconds; without one, it
    waits for as long as the others take, which are no more than there are threads.
    """
    me = get_ident()
    with _moved:
        is_nested = me in _queue
        if not is_nested:
            _queue.append(me)
    try:
        with _moved:
            if not _moved.wait_for(lambda: _queue[0] == me, timeout):
                raise Busy
        yield
    finally:
        if not is_nested:
            with _moved:
                _queue.remove(me)
                _moved.notify_all()


def let_others() -> None:
    """Let those who wait have their turn, between two parts of long work.

    Whoever has none, such as a command, goes on at once.
    """
    me = get_ident()
    with _moved:
        if me in _queue:
            _queue.append(_queue.pop(0))
            _moved.notify_all()
            _moved.wait_for(lambda: _queue[0] == me)


def forget_connection() -> None:
    """Close the connection to PostgreSQL: it keeps the memory of the largest value it brought.

    Within a transaction it is closed when the request ends.
    """
    if connection.in_atomic_block:
        connection.close_at = 0
    else:
        connection.close()


def uploads_one_at_a_time(
    view: Callable[Concatenate[R, P], HttpResponseBase],
) -> Callable[Concatenate[R, P], HttpResponseBase]:
    """Decorate a view that reads uploads or transcripts, above what locks rows: a POST waits.

    Who locks a row and then waits would keep whoever has its turn from that row.

    It answers 503 if that takes too long. The form is still in the browser, as after a 413.
    """

    @wraps(view)
    def wait_and_view(request: R, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        try:
            with one_at_a_time(WAIT):
                response = view(request, *args, **kwargs)
            forget_connection()
        except Busy:
            response = render(request, "503.html", status=503)
            response["Retry-After"] = str(WAIT)
        return response

    return wait_and_view
