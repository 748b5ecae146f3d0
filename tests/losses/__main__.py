"""Make each loss happen and print the table: ``make losses``, or ``python -m tests.losses``."""

from __future__ import annotations

import logging
import os
import sys

import django
import pytest
from tqdm import tqdm


def main() -> int:
    """Play every loss with every way; return 0 if all ended as ``docs/why.md`` says."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.db import connection
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    from tests.faults import emulators
    from tests.faults.proxy import Proxy
    from tests.losses.losses import LOSSES
    from tests.losses.play import play, table
    from tests.losses.ways import WAYS
    from tests.support.aws import point_clients_at

    logging.getLogger("mirror").setLevel(logging.CRITICAL)  # the outages are made on purpose
    setup_test_environment()
    connection.settings_dict["TEST"]["NAME"] = "losses"
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        with emulators.moto() as address, pytest.MonkeyPatch.context() as monkeypatch:
            proxy = Proxy(address)
            point_clients_at(proxy.address, proxy.address, monkeypatch)
            results = [
                tuple(play(loss, way, proxy) for way in WAYS)
                for loss in tqdm(LOSSES, leave=False, disable=None)
            ]
    finally:
        teardown_databases(databases, verbosity=0)
    sys.stdout.write(table(results) + "\n")
    return int(results != [loss.claims for loss in LOSSES])


if __name__ == "__main__":
    raise SystemExit(main())
