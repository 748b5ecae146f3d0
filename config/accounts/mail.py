"""Mail, sent beside the request: how long an answer takes must not tell who has an account."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore

from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.db import connection
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)
MAX_WAITING = 100

_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="mail")
_places = BoundedSemaphore(MAX_WAITING)


def send(subject: str, template: str, user: User, address: str, **context: str) -> None:
    """Send a mail to a user, later. ``context`` is for the template."""
    text = render_to_string(f"accounts/{template}", {"user": user, **context})
    later(lambda: send_mail(subject, text, None, [address]))


def later(job: Callable[[], object]) -> None:
    """Do the job on another thread. If the process is killed first, it is not done.

    That loses a mail that its user asks for again. So does a mail server that is too slow.
    """
    if not _places.acquire(blocking=False):
        logger.error("More than %d mails are waiting: one is dropped.", MAX_WAITING)
        return
    _threads.submit(_run, job).add_done_callback(_end)


def _run(job: Callable[[], object]) -> None:
    try:
        job()
    finally:
        connection.close()  # this thread's own


def _end(done: Future[None]) -> None:
    if error := done.exception():
        logger.error("A mail could not be sent.", exc_info=error)
    _places.release()
