"""The settings of the fork server: those of the tests, with the test database of the parent."""

import json
import os

_database = json.loads(os.environ["FAULTS_DATABASE"])
os.environ["DATABASE_URL"] = "postgres://nobody@127.0.0.1/nothing"  # starts no embedded server

from tests.settings import *  # noqa: E402, F403 - after the environment is set

DATABASES = {"default": {"CONN_HEALTH_CHECKS": False, **_database}}
