"""The rows are back from the mirror, with the very values that they had."""

from pathlib import Path

from studio.models import Everything  # type: ignore[import-not-found]  # the project has it

values = repr(list(Everything.objects.order_by("pk").values()))
assert values == Path("before.txt").read_text(), values
