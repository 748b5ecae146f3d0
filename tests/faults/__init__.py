import pytest

pytest.register_assert_rewrite(
    "tests.faults.world", "tests.faults.scenarios", "tests.faults.proxy", "tests.faults.children"
)
