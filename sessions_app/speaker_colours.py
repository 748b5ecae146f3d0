"""The colours of speakers. A speaker has the same one on every page and, if possible, evening."""

import hashlib
from collections.abc import Iterable

COLOURS = 12  # ``--voice-0`` to ``--voice-11`` in the style sheet


def speaker_colours(names: Iterable[str]) -> dict[str, int]:
    """Return the number of a colour for each name. Who speaks most comes first.

    The colour follows from the name. If two of the first twelve have the same, the later one in
    the alphabet gets another that is free. Whoever comes after the twelfth shares a colour.
    """
    all_names = list(dict.fromkeys(names))
    colours: dict[str, int] = {}
    free = set(range(COLOURS))
    for name in sorted(all_names[:COLOURS]):
        own = _own_colour(name)
        colours[name] = min(free, key=lambda colour: (colour - own) % COLOURS)
        free.remove(colours[name])
    return colours | {name: _own_colour(name) for name in all_names[COLOURS:]}


def _own_colour(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode(errors="replace")).digest()) % COLOURS
