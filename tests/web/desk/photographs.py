"""Pictures for the stories of a draft, with as many bytes as photographs."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from functools import cache

from PIL import Image as Pillow

from digest.models import Image
from digest.render.pictures import prepare
from tests.web.desk.conftest import edition_of, put_draft
from tests.web.site import Site


def put_pictures(desk: Site) -> None:
    """Give each story a picture with as many bytes as a photograph."""
    lead, thumbnail = desk.app.branding.theme.picture_slots
    for number, story in enumerate(edition_of(desk).stories()):
        is_lead = story.id == edition_of(desk).lead
        made = prepare(photograph(number, 0.12 if is_lead else 0.35), lead if is_lead else thumbnail)
        assert len(made.data) > (50_000 if is_lead else 8_000)
        desk.app.articles.images.save([made])
        image = Image(f"cid:{made.cid}", made.width, made.height, "", origin=f"https://paper.example/{number}.jpg")
        put_draft(desk, edition_of(desk).with_story(replace(story, image=image)))


@cache
def photograph(seed: int, grain: float) -> bytes:
    """Colours that vary in areas of every size. `grain` is the share of each next size, from large to small."""
    dice, made, rows = random.Random(seed), Pillow.new("RGB", (1200, 800)), 2
    while rows <= 512:
        columns = rows * 3 // 2
        areas = Pillow.frombytes("RGB", (columns, rows), dice.randbytes(3 * columns * rows))
        made = Pillow.blend(made, areas.resize(made.size, Pillow.Resampling.BICUBIC), 1 if rows == 2 else grain)
        rows *= 2
    out = io.BytesIO()
    made.save(out, "JPEG", quality=92)
    return out.getvalue()
