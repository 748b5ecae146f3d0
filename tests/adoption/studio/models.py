"""The models of a second project: all that the guide's own models are not."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.postgres import fields as pg
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Upper

from mirror.capture import capture_changes


class Recorded(models.Model):
    """An abstract model: each child has the triggers."""

    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        triggers = capture_changes()

    def __str__(self) -> str:
        return str(self.pk)


class Genre(Recorded):
    """A primary key of text, and a table with a name of its own."""

    code = models.CharField(max_length=40, primary_key=True)

    class Meta(Recorded.Meta):
        db_table = "music genres"


class Tape(Recorded):
    """A table in another schema, and integers as primary keys."""

    number = models.SmallAutoField(primary_key=True)
    genre = models.ForeignKey(Genre, models.CASCADE)
    label = models.CharField(max_length=80, blank=True)

    class Meta(Recorded.Meta):
        db_table = '"archive"."tape"'


class Song(Recorded):
    """A parent of another table, and a many-to-many relation with a table of its own."""

    id = models.AutoField(primary_key=True)
    title = models.CharField(max_length=80)
    tapes: models.ManyToManyField[Tape, Side] = models.ManyToManyField(Tape, through="Side")

    class Meta(Recorded.Meta):
        triggers = capture_changes(children=["studio.livesong"])


class LiveSong(Song):
    """Inherits the table of songs."""

    place = models.CharField(max_length=80)

    class Meta:
        triggers = capture_changes()


class Side(Recorded):
    """The table between songs and tapes, whose primary key is a UUID."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    song = models.ForeignKey(Song, models.CASCADE)
    tape = models.ForeignKey(Tape, models.CASCADE)


class Everything(Recorded):
    """A field of every type."""

    id = models.BigAutoField(primary_key=True)
    song = models.OneToOneField(Song, models.SET_NULL, null=True)
    tape = models.ForeignKey(Tape, models.SET_NULL, null=True)
    genres = models.ManyToManyField(Genre)
    array = pg.ArrayField(models.IntegerField(), default=list)
    big = models.BigIntegerField(default=0)
    big_range = pg.BigIntegerRangeField(null=True)
    binary = models.BinaryField(null=True)
    boolean = models.BooleanField(default=False)
    char = models.CharField(max_length=9, default="")
    date = models.DateField(null=True)
    date_range = pg.DateRangeField(null=True)
    date_time = models.DateTimeField(null=True)
    date_time_range = pg.DateTimeRangeField(null=True)
    decimal = models.DecimalField(max_digits=9, decimal_places=4, default=0)
    decimal_range = pg.DecimalRangeField(null=True)
    duration = models.DurationField(null=True)
    email = models.EmailField(blank=True)
    file = models.FileField(blank=True)
    file_path = models.FilePathField(blank=True)
    float = models.FloatField(default=0)
    hstore = pg.HStoreField(default=dict)  # left out where PostgreSQL lacks the extension
    image = models.ImageField(blank=True, width_field="width", height_field="height")
    width = models.PositiveSmallIntegerField(null=True)
    height = models.PositiveSmallIntegerField(null=True)
    generated = models.GeneratedField(
        expression=Upper("char"), output_field=models.TextField(), db_persist=True
    )
    address = models.GenericIPAddressField(null=True)
    integer = models.IntegerField(default=0)
    integer_range = pg.IntegerRangeField(null=True)
    json = models.JSONField(null=True)
    positive = models.PositiveIntegerField(default=0)
    positive_big = models.PositiveBigIntegerField(default=0)
    positive_small = models.PositiveSmallIntegerField(default=0)
    slug = models.SlugField(default="")
    small = models.SmallIntegerField(default=0)
    text = models.TextField(blank=True)
    time = models.TimeField(null=True)
    url = models.URLField(blank=True)
    uuid = models.UUIDField(null=True)
    vector = SearchVectorField(null=True)
