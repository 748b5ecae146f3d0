"""The environment of the bench and of every process that it starts: that of production.

The database server is ``DATABASE_URL``, or one of the bench's own with the defaults of PostgreSQL,
so each commit reaches the disk. Imported before Django is set up.
"""

from __future__ import annotations

import os

from config.local import embedded_postgres
from tests.support.manage import SECRET_KEY
from tests.support.paths import PROJECT

FOLDER = PROJECT / ".local" / "bench"

TABLE = BUCKET = "bench-mirror"


def prepare() -> None:
    """Set the variables, and start the database server if none is given."""
    os.environ.update(
        {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEBUG": "0",
            "SECRET_KEY": SECRET_KEY,
            "ALLOWED_HOSTS": "testserver",
            "MIRROR_ENABLED": "1",
            "MIRROR_DISPATCH": "worker",
            "DYNAMODB_TABLE_NAME": TABLE,
            "AWS_S3_BUCKET_NAME": BUCKET,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    )
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not os.environ.get("DATABASE_URL"):
        config = embedded_postgres.database(FOLDER / "postgres")
        host = config["HOST"] or config["OPTIONS"]["host"]
        os.environ["DATABASE_URL"] = f"postgres://{config['USER']}@/{config['NAME']}?host={host}"
