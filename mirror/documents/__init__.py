"""What a row looks like in the stores; an app's ``documents.py`` takes all it needs from here.

May import the modules beside the packages; knows nothing of the ledger or of AWS.
"""

from mirror.documents.attributes import (
    ExactTimeAttribute,
    NativeAttribute,
    TextAttribute,
    TimeAttribute,
    WholeNumberAttribute,
)
from mirror.documents.bodies import Body
from mirror.documents.document import Document
from mirror.documents.ids import encode_id
from mirror.documents.items import KeyPrefix
from mirror.documents.registry import register

__all__ = [
    "Body",
    "Document",
    "ExactTimeAttribute",
    "KeyPrefix",
    "NativeAttribute",
    "TextAttribute",
    "TimeAttribute",
    "WholeNumberAttribute",
    "encode_id",
    "register",
]
