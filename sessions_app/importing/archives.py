"""Reads the exports in a ZIP archive, without unpacking it.

An archive may be made to do harm. So nothing is written under a name that it brings, and the sizes
that it states are not believed: reading stops where a limit is reached.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from typing import IO, NamedTuple

from sessions_app.exports.json_file import CAMPAIGN_FORMAT
from sessions_app.importing.exported import FORMATS
from sessions_app.importing.file_names import printable
from sessions_app.transcripts import MAX_BYTES, TranscriptError
from sessions_app.transcripts.exported_session import format_of

BEGINNING = b"PK\x03\x04"
EMPTY = b"PK\x05\x06"  # how an archive without files begins
PACKED_DOCUMENTS = (".docx", ".odt", ".xlsx")  # they are ZIP files, too
MAX_FILES = 20_000
MAX_READ = 4 * 1024 * 1024  # bytes at once; the list of 20,000 files is shorter
# Any archive may unpack to so much, since who repeats one line all evening has an export that is
# packed to a thousandth. A larger one may have a hundred times its size: JSON is packed to a
# fifteenth.
MAX_UNPACKED = 2 * 1024**3  # bytes
MAX_RATIO = 100
SNIFFED = 200  # bytes, which tell what a file is
CHUNK = 1024 * 1024

# What zipfile raises for an archive that is damaged, encrypted or packed in an unusual way.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    UnicodeDecodeError,
    ValueError,
)


class ArchivedFile(NamedTuple):
    """A file of an archive: what messages call it, and what unpacks it."""

    source: str
    read: Callable[[], bytes]


def is_archive(beginning: bytes, name: str) -> bool:
    """Whether a file is a ZIP archive, or says so by its name."""
    name = name.lower()
    is_zip = beginning.startswith((BEGINNING, EMPTY)) and not name.endswith(PACKED_DOCUMENTS)
    return is_zip or name.endswith(".zip")


def read_archive(file: IO[bytes], source: str) -> Iterator[ArchivedFile]:
    """Yield the exports in an archive, campaigns first. Everything else in it is ignored.

    Raises ``TranscriptError``, also while it is read.
    """
    with _damage_named(source), zipfile.ZipFile(_CautiousFile(file)) as archive:
        reader = _Reader(archive, _size_of(file), source)
        exports = reader.exports()
        if not exports:
            raise TranscriptError(
                f"{source} has no exported session. Unpack it, and import the files in it."
            )
        for entry in exports:
            name = printable(entry.filename.rpartition("/")[2])
            yield ArchivedFile(f"{source}: {name}", partial(reader.read, entry))


@contextmanager
def _damage_named(source: str) -> Iterator[None]:
    try:
        yield
    except TranscriptError:  # a ValueError, but one that says what is wrong
        raise
    except DAMAGE:
        raise TranscriptError(f"{source} is damaged, or is not a ZIP archive.") from None


class _CautiousFile:
    """An open file for ``zipfile``, which would read a list of files of any length at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def read(self, size: int = -1) -> bytes:
        if size > MAX_READ:
            raise zipfile.BadZipFile
        return self.file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def seekable(self) -> bool:
        return True


class _Reader:
    """Reads entries, and counts the bytes that they unpack to."""

    def __init__(self, archive: zipfile.ZipFile, size: int, source: str) -> None:
        self.archive = archive
        self.source = source
        self.left = max(size * MAX_RATIO, MAX_UNPACKED)
        if len(archive.infolist()) > MAX_FILES:
            raise TranscriptError(f"{source} has more than {MAX_FILES:,} files.")

    def exports(self) -> list[zipfile.ZipInfo]:
        """Return the entries that are exports of this site, campaigns first."""
        found = []
        for entry in self.archive.infolist():
            if entry.filename.lower().endswith(".json"):
                with self._open(entry) as file:
                    kind = format_of(file.read(SNIFFED))
                if kind in FORMATS:
                    found.append((kind != CAMPAIGN_FORMAT, entry))
        return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]

    def read(self, entry: zipfile.ZipInfo) -> bytes:
        """Unpack an entry. Raises ``TranscriptError``."""
        data = BytesIO()
        with _damage_named(self.source), self._open(entry) as file:
            while chunk := file.read(CHUNK):
                self.left -= data.write(chunk)
                if data.tell() > MAX_BYTES or self.left < 0:
                    name = printable(entry.filename.rpartition("/")[2])
                    raise TranscriptError(f"{self.source}: {name} is too large.")
        return data.getvalue()

    def _open(self, entry: zipfile.ZipInfo) -> IO[bytes]:
        # Other methods may ask for gigabytes before they have unpacked anything.
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise zipfile.BadZipFile("an unusual method")
        return self.archive.open(entry)


def _size_of(file: IO[bytes]) -> int:
    return file.seek(0, 2)
