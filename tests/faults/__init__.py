"""Fault tests: something breaks on purpose, and in the end all three stores must be equal.

See ``README.md``.
"""

import pytest

pytest.register_assert_rewrite(
    "tests.faults.child_processes",
    "tests.faults.frozen_worker",
    "tests.faults.proxy",
    "tests.faults.scenarios",
    "tests.faults.threads",
    "tests.faults.world",
)
