"""Primary keys in addresses."""

from mirror.documents.ids import ENCODED, decode_id, encode_id


class RowIdConverter:
    """The primary key of a row: as it is, or as ``encode_id`` writes it if no address holds it.

    An empty text, a line break or ``..`` would be no part of an address, or another one.
    """

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """Return the primary key."""
        return decode_id(value)

    def to_url(self, value: object) -> str:
        """Return the part of the address."""
        text = str(value)
        plain = text.isprintable() and not text.startswith(ENCODED) and "/" not in text
        return text if plain and text.strip(".") else encode_id(text)
