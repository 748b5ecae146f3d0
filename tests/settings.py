"""The settings of the tests: the product's own, with stand-ins for AWS.

PostgreSQL is ``DATABASE_URL``, or the embedded one.
"""

import logging
import os

os.environ.update(
    {
        "DEBUG": "1",
        "MIRROR_ENABLED": "1",
        "MIRROR_DISPATCH": "worker",
        "DYNAMODB_TABLE_NAME": "test-mirror",
        "AWS_S3_BUCKET_NAME": "test-mirror",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
)
for service in ("DYNAMODB", "S3"):  # nothing listens here until a stand-in takes over
    os.environ.setdefault(f"AWS_ENDPOINT_URL_{service}", "http://127.0.0.1:9")

from config.settings import *  # noqa: E402, F403 - after the environment is set

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; no secret is at stake

logging.getLogger("werkzeug").setLevel(logging.ERROR)  # moto's server writes a line a request
