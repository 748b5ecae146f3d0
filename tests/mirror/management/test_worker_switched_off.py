"""With MIRROR_ENABLED=0 a supervised worker waits, instead of ending and being restarted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from tests.support.manage import SECRET_KEY
from tests.support.paths import PROJECT


def test_a_worker_that_is_switched_off_waits_until_it_is_stopped() -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "1",
        "SECRET_KEY": SECRET_KEY,
        "MIRROR_ENABLED": "0",
        "DATABASE_URL": "postgres://nobody@localhost/nothing",
    }
    command = [sys.executable, "manage.py", "mirror_sync", "--watch"]
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, stderr=subprocess.PIPE, text=True
    ) as worker:
        try:
            assert worker.stderr is not None
            assert "switched off" in worker.stderr.readline()
            assert "Nothing to do" in worker.stderr.readline()
            time.sleep(0.5)
            assert worker.poll() is None
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=20) == 0
        finally:
            worker.kill()
