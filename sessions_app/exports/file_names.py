"""Names of files that every system takes, made of what people typed."""

import unicodedata

MAX_BYTES = 120  # of a name without its ending; systems take 255 in all, archives need folders
UNNAMED = "unnamed"
KEPT_SIGNS = frozenset(" -_,.'’()!&+")

# Windows takes none of these as a file's name, whatever the ending.
RESERVED = frozenset(
    {"CON", "PRN", "AUX", "NUL"}
    | {f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"}
)


def file_name(name: str, ending: str = "") -> str:
    """Make a file's name of a title: letters, marks and digits of every script, and a few signs.

    Never empty, hidden, a path, a device of Windows, or of characters that turn the direction of
    writing; at most 120 bytes before the ending.
    """
    text = unicodedata.normalize("NFC", name)
    text = " ".join("".join(c if _is_kept(c) else " " for c in text).split())
    text = text.encode()[:MAX_BYTES].decode(errors="ignore").lstrip("-").strip(" .") or UNNAMED
    if text.split(".")[0].strip().upper() in RESERVED:
        text = f"_{text}"
    return f"{text}.{ending}" if ending else text


class UniqueNames:
    """Numbers the second of a name: ``Fog``, ``Fog (2)``; case makes no difference."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        """Return the name, or the next one that is free."""
        free, number = name, 1
        while free.casefold() in self._taken:
            number += 1
            free = f"{name} ({number})"
        self._taken.add(free.casefold())
        return free


def _is_kept(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" or character in KEPT_SIGNS
