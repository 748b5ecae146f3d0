"""How gunicorn serves the site; docs/deploy.md gives the reasons and the sums.

What stands here yields to the command line, such as ``--bind`` and ``--threads``.
"""

import ctypes
import os
import shutil
import tempfile
from contextlib import suppress

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where prometheus_client looks for it

# A thread waits in vain no longer than its visitor. Empty for pgbouncer, which refuses options.
os.environ.setdefault("PGOPTIONS", "-c statement_timeout=20s")

bind = "127.0.0.1:8000"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
# Those whose word counts that a visitor came over TLS, and from where.
forwarded_allow_ips = os.environ.get("TRUSTED_PROXIES") or "127.0.0.1,::1"
# A page waits for PostgreSQL, and up to two seconds for AWS. Each thread holds one connection.
worker_class = "gthread"
threads = 4
timeout = 30  # seconds until a worker that no longer answers is replaced
graceful_timeout = 30  # seconds to finish what was begun, when told to stop
keepalive = 75  # seconds: longer than the proxy keeps an idle connection, so it closes first


def post_fork(server: object, worker: object) -> None:
    """Have glibc return the memory of large texts to the system as soon as they are freed.

    By itself it keeps it, for each thread apart, once some megabytes were asked for.
    """
    arena_max, mmap_threshold = -8, -3  # of malloc.h
    with suppress(AttributeError):  # another C library
        libc = ctypes.CDLL(None)
        libc.mallopt(arena_max, 1)
        libc.mallopt(mmap_threshold, 1024 * 1024)


# Its heartbeat must not wait for a disk, and the file system may be read-only.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - gunicorn makes files that nobody else can open
control_socket_disable = True  # nobody uses it

# No query string and no referrer; the formatter takes tokens out of paths, also from errors.
accesslog = "-"
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s bytes %(M)s ms'
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {
            "()": "config.logs.PrivateFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s%(request_id)s %(message)s",
        },
        "json": {"()": "config.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            # The settings refuse any other word.
            "formatter": "json" if os.environ.get("LOG_FORMAT", "").strip() == "json" else "text",
        }
    },
    "root": {"level": "WARNING", "handlers": ["console"]},
    "loggers": {
        name: {"level": "INFO", "handlers": ["console"], "propagate": False}
        for name in ("gunicorn.error", "gunicorn.access")
    },
}


def on_starting(_: object) -> None:
    """Let the processes count in files of one folder: whichever is asked adds them up."""
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="tabletop-counters-")


def on_exit(_: object) -> None:
    """Remove that folder."""
    shutil.rmtree(os.environ[FOLDER], ignore_errors=True)
