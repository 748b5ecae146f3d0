"""Everything is lost: the rows, the picture, and what the mirror knew of them."""

from pathlib import Path

from studio.models import Everything, Genre, Song  # type: ignore[import-not-found]  # the project has it

from mirror.models import LedgerEntry

values = repr(list(Everything.objects.order_by("pk").values()))
Path("before.txt").write_text(values)
for row in Everything.objects.exclude(image=""):
    row.image.delete(save=False)
Everything.objects.all().delete()
Song.objects.all().delete()
Genre.objects.all().delete()
LedgerEntry.objects.all().delete()
