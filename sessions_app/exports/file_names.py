"""File names that are valid on every system, made from what people typed."""

import unicodedata

MAX_BYTES = 120  # without the extension; file systems allow 255, and an archive adds a folder
UNNAMED = "unnamed"
ALLOWED_SIGNS = frozenset(" -_,.'’()!&+")

# Windows refuses these names, with any extension.
RESERVED = frozenset(
    {"CON", "PRN", "AUX", "NUL"}
    | {f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"}
)


def file_name(title: str, extension: str = "") -> str:
    """Make a file name from a title: letters, marks and digits of any script, and a few signs.

    The name is never empty, hidden, a path or a device name of Windows. It has no invisible
    characters, such as those that reverse the direction of writing. It has at most 120 bytes
    before the extension; one more if it had to be changed because Windows reserves it.
    """
    text = unicodedata.normalize("NFC", title)
    text = " ".join("".join(c if _is_allowed(c) else " " for c in text).split())
    text = text.encode()[:MAX_BYTES].decode(errors="ignore").lstrip("-").strip(" .") or UNNAMED
    if text.split(".")[0].strip().upper() in RESERVED:
        text = f"_{text}"
    return f"{text}.{extension}" if extension else text


class UniqueNames:
    """Numbers a name that is used again: ``Fog``, ``Fog (2)``. Ignores case."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        """Return the name, or the first numbered form of it that is free."""
        free, number = name, 1
        while free.casefold() in self._taken:
            number += 1
            free = f"{name} ({number})"
        self._taken.add(free.casefold())
        return free


def _is_allowed(character: str) -> bool:
    is_letter_mark_or_number = unicodedata.category(character)[0] in "LMN"
    return is_letter_mark_or_number or character in ALLOWED_SIGNS
