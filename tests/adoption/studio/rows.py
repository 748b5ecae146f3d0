"""Rows of the second project, written in the ways that Django has."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from uuid import UUID

from django.core.files.base import ContentFile
from PIL import Image
from studio.models import Everything, Genre, LiveSong, Side, Song, Tape  # type: ignore[import-not-found]  # the project has it

picture = BytesIO()
Image.new("1", (4, 3)).save(picture, "PNG")

rock = Genre.objects.create(code="Rock & Roll")
quiet = Genre.objects.create(code="quiet")
tapes = Tape.objects.bulk_create(Tape(genre=genre, label="a") for genre in (rock, quiet))
plain = Song.objects.create(title="Lamps")
live = LiveSong.objects.create(title="Fog", place="The Ninth Lamp")
Song.objects.update(title="renamed in the parent's table")
Side.objects.create(song=live, tape=tapes[0])
Everything.objects.create()
full = Everything.objects.create(
    song=live,
    tape=tapes[1],
    array=[1, -2],
    big=-(2**63),
    boolean=True,
    char="straße",
    date=date(2026, 10, 25),
    date_time=datetime(2026, 10, 25, 0, 30, 0, 123_000, tzinfo=UTC),
    decimal=Decimal("12345.6789"),
    duration=timedelta(days=-1, microseconds=1),
    email="a@example.org",
    file="tapes/a b.ogg",
    file_path="/srv/a.png",
    float=0.1,
    hstore={"a b": "1", "ü\"'=>": "", "nothing": None},
    image=ContentFile(picture.getvalue(), "cover.png"),
    address="2001:db8::1",
    json={"n": [1, 0.5, None, True, ""]},
    slug="a-b",
    text="words",
    time=time(23, 59, 59, 999_999),
    url="https://example.org/",
    uuid=UUID(int=7),
)
full.genres.add(rock)
Everything.objects.update(recorded_at=full.date_time)  # times are mirrored to the millisecond
