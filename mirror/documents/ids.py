"""A row's primary key as a part of keys in the stores.

Keys of items are lower-cased, and keys of objects are folders: a text such as ``Rock``, ``a/b`` or
``..`` would be another row's key, or none. So a primary key that is not plain is written in
hexadecimal digits. In both forms, keys sort as their texts do byte by byte.
"""

import re
from contextlib import suppress
from typing import Any

from django.db.models import Case, F, Func, TextField, Value, When
from django.db.models.functions import Concat

PLAIN = re.compile(r"[0-9a-z_-]+")  # numbers, UUIDs, slugs in lower case
ENCODED = "="  # begins what is not plain


def encode_id(text: str) -> str:
    """Return the primary key ``text`` as keys in the stores contain it."""
    return text if PLAIN.fullmatch(text) else ENCODED + text.encode().hex()


def decode_id(encoded: str) -> str:
    """Return the primary key that ``encode_id`` was given; any other text as it is."""
    if encoded.startswith(ENCODED):
        with suppress(ValueError):
            text = bytes.fromhex(encoded.removeprefix(ENCODED)).decode()
            if encode_id(text) == encoded and "\0" not in text:  # PostgreSQL has no such text
                return text
    return encoded


def encoded_id(name: str) -> Any:
    """Return ``encode_id`` of the text annotation ``name`` as an expression for PostgreSQL."""
    octets = Func(F(name), Value("UTF8"), function="convert_to")
    digits = Func(octets, Value("hex"), function="encode", output_field=TextField())
    return Case(
        When(**{f"{name}__regex": f"^{PLAIN.pattern}$"}, then=F(name)),
        default=Concat(Value(ENCODED), digits, output_field=TextField()),
        output_field=TextField(),
    )
