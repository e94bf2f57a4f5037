"""Pictures are cropped to the ratio of their place, reduced to twice its size, and stripped of metadata."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import uuid
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from digest.mail.message import Outgoing, Recipient, Sender
from digest.mail.mime import build
from digest.models import InlineImage
from digest.render.pictures import (
    MAX_BYTES,
    THUMBNAIL_BYTES,
    TOTAL_BYTES,
    PictureProblem,
    PictureSlot,
    crop_box,
    for_screen,
    prepare,
    slots,
)
from digest.render.themes import Theme
from tests.render.sample import EVERYTHING, NOW, renderer, twenty
from tests.support.profiles import only_thorough
from tests.support.tables import each_row

LEAD = PictureSlot(544, 272, 90_000)
THUMBNAIL = PictureSlot(96, 72, 18_000)
RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 30), (30, 30, 200), (255, 255, 255)


def file(picture: Image.Image, format: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def bands(*colours: tuple[int, int, int], width: int, height: int) -> Image.Image:
    """Horizontal bands of these colours, from the top."""
    picture = Image.new("RGB", (width, height))
    part = height // len(colours)
    for number, colour in enumerate(colours):
        picture.paste(colour, (0, number * part, width, height if number + 1 == len(colours) else (number + 1) * part))
    return picture


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))


def opened(data: bytes, slot: PictureSlot = LEAD) -> Image.Image:
    made = prepare(data, slot)
    picture = Image.open(io.BytesIO(made.data))
    assert picture.size == (made.width, made.height)
    assert {"image/jpeg": "JPEG", "image/png": "PNG"}[made.type] == picture.format
    return picture


def is_near(pixel: object, colour: tuple[int, int, int]) -> bool:
    return isinstance(pixel, tuple) and all(abs(a - b) < 30 for a, b in zip(pixel, colour, strict=True))


@each_row(
    ("size", "slot", "expected"),
    [
        ((1600, 900), LEAD, (1088, 544)),
        ((1600, 900), THUMBNAIL, (192, 144)),
        ((900, 1600), LEAD, (900, 450)),
        # Never enlarged.
        ((600, 300), LEAD, (600, 300)),
        ((120, 120), THUMBNAIL, (120, 90)),
    ],
)
def test_a_picture_has_twice_the_size_of_its_place_or_its_own(
    size: tuple[int, int], slot: PictureSlot, expected: tuple[int, int]
) -> None:
    assert opened(file(Image.new("RGB", size, RED)), slot).size == expected


def test_the_upper_third_of_an_upright_picture_is_kept() -> None:
    upright = bands(RED, GREEN, BLUE, width=900, height=1350)
    cut = opened(file(upright)).convert("RGB")
    assert is_near(cut.getpixel((450, 5)), RED)
    assert is_near(cut.getpixel((450, cut.height - 5)), RED)
    # A thumbnail has room for more than the upper third.
    small = opened(file(upright), THUMBNAIL).convert("RGB")
    assert is_near(small.getpixel((90, 5)), RED)
    assert is_near(small.getpixel((90, small.height - 10)), GREEN)


def test_a_wide_picture_loses_its_sides_evenly() -> None:
    assert crop_box((2000, 500), LEAD) == (500, 0, 1500, 500)
    left, top, right, bottom = crop_box((1600, 1200), LEAD)
    assert (left, right, bottom - top) == (0, 1600, 800)
    assert top < 1200 - bottom


@pytest.mark.parametrize(("place", "expected"), [((64, 48), (128, 96)), ((300,), (600, 300)), ((900,), (1088, 544))])
def test_a_page_gets_no_more_pixels_than_it_shows_sharply(place: tuple[int, ...], expected: tuple[int, int]) -> None:
    stored = prepare(file(bands(RED, GREEN, BLUE, width=1600, height=900)), LEAD)
    shown = for_screen(stored, *place)
    picture = Image.open(io.BytesIO(shown.data))
    assert (picture.format, shown.type, picture.size, shown.width, shown.height) == (
        *("WEBP", "image/webp", expected),
        *expected,
    )
    assert len(shown.data) < len(stored.data)
    assert shown.cid == stored.cid


def test_a_page_gets_the_stored_picture_if_nothing_is_gained() -> None:
    tiny = InlineImage("x", "image/png", file(Image.new("RGB", (12, 12), RED), "PNG"), 12, 12)
    assert for_screen(tiny, 500) is tiny
    damaged = InlineImage("x", "image/png", b"no picture", 12, 12)
    assert for_screen(damaged, 6) is damaged


def test_a_camera_s_orientation_is_applied_and_its_metadata_are_dropped() -> None:
    sideways = bands(RED, BLUE, width=800, height=1600).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Camera of a reporter"
    data = file(sideways, exif=exif, comment=b"secret", icc_profile=b"x" * 200)
    cut = opened(data)
    # After rotation the picture is 800 wide, and its upper part is red.
    assert cut.size == (800, 400)
    assert is_near(cut.convert("RGB").getpixel((400, 200)), RED)
    made = prepare(data, LEAD).data
    assert not Image.open(io.BytesIO(made)).getexif()
    assert b"Camera" not in made
    assert b"secret" not in made
    assert "icc_profile" not in Image.open(io.BytesIO(made)).info


def test_a_photograph_is_a_progressive_jpeg() -> None:
    made = prepare(file(noise(200, 100).resize((600, 300)), "PNG"), LEAD)
    assert made.type == "image/jpeg"
    assert Image.open(io.BytesIO(made.data)).info["progressive"]


def test_transparency_becomes_white() -> None:
    picture = Image.new("RGBA", (1200, 600), (0, 0, 0, 0))
    picture.paste((*RED, 255), (0, 0, 1200, 200))
    cut = opened(file(picture, "PNG")).convert("RGB")
    assert is_near(cut.getpixel((500, 500)), WHITE)
    assert is_near(cut.getpixel((500, 50)), RED)


def test_of_an_animation_the_first_frame_is_shown() -> None:
    frames = [Image.new("RGB", (600, 300), colour) for colour in (GREEN, RED)]
    data = file(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    cut = opened(data)
    assert getattr(cut, "n_frames", 1) == 1
    assert is_near(cut.convert("RGB").getpixel((300, 100)), GREEN)


@pytest.mark.slow
@pytest.mark.parametrize("format", ["WEBP", "GIF", "PNG", "JPEG"])
def test_all_formats_of_the_web_are_read(format: str) -> None:
    assert is_near(opened(file(Image.new("RGB", (1200, 800), BLUE), format)).convert("RGB").getpixel((9, 9)), BLUE)


@pytest.mark.slow
def test_cmyk_and_grey_pictures_are_shown_in_rgb() -> None:
    for mode in ("CMYK", "L", "I;16", "1"):
        data = file(Image.new(mode, (1200, 700)), "JPEG" if mode in ("CMYK", "L") else "PNG")
        assert opened(data).size == (1088, 544)


def test_the_same_file_gives_the_same_hash() -> None:
    data = file(noise(600, 350))
    assert prepare(data, LEAD) == prepare(data, LEAD)
    assert prepare(data, LEAD).cid != prepare(data, THUMBNAIL).cid


@pytest.mark.slow
@pytest.mark.parametrize("pictures", [1, 6, 20])
def test_the_noisiest_pictures_stay_within_the_budget(pictures: int) -> None:
    lead, thumbnail = slots((544, 272), (96, 72), pictures)
    data = file(noise(1100, 600), quality=95)
    total = len(prepare(data, lead).data) + (pictures - 1) * len(prepare(data, thumbnail).data)
    assert total <= TOTAL_BYTES
    assert thumbnail.max_bytes <= THUMBNAIL_BYTES


def test_a_drawing_stays_small() -> None:
    drawing = bands(RED, GREEN, BLUE, WHITE, width=1200, height=600)
    assert len(prepare(file(drawing, "PNG"), LEAD).data) < 4_000


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to have so many pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    parts = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@each_row(
    ("data", "problem"),
    [
        (b"", "is not a JPEG, PNG, WebP or GIF file"),
        (b"<html>not found</html>", "is not a JPEG, PNG, WebP or GIF file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' width='900' height='600'/>", "is not a JPEG"),
        (file(Image.new("RGB", (900, 600)), "TIFF"), "is not a JPEG"),
        (file(Image.new("RGB", (900, 600)), "BMP"), "is not a JPEG"),
        (file(noise(900, 600))[:20_000], "is damaged"),
        (bomb(30_000, 30_000), "40,000,000"),
        (bomb(7_000, 7_000), "40,000,000"),
        (bomb(900, 600), "is damaged"),
        (file(Image.new("RGB", (1, 1)), "GIF"), "has only 1 × 1 pixels"),
        (file(Image.new("RGB", (200, 100))), "is too small: 200 × 100 pixels for a place of 544"),
        (b"\xff\xd8\xff" + b"\0" * MAX_BYTES, "has more than 8,000,000 bytes"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_the_reason(data: bytes, problem: str) -> None:
    with pytest.raises(PictureProblem, match=problem):
        prepare(data, LEAD)


def test_damaged_files_end_in_a_problem_and_nothing_else() -> None:
    chance = random.Random(3)
    for format in ("JPEG", "PNG", "WEBP", "GIF"):
        whole = file(noise(120, 90), format)
        for _ in range(25):
            data = bytearray(whole)
            for _ in range(8):
                data[chance.randrange(len(data))] = chance.randrange(256)
            try:
                prepare(bytes(data[: chance.randrange(len(data)) + 1]), THUMBNAIL)
            except PictureProblem:
                continue


def test_an_email_of_twenty_stories_with_six_pictures_has_at_most_350_kilobytes() -> None:
    email = renderer(theme=Theme(max_images=6)).render(twenty(), EVERYTHING, now=NOW)
    assert email is not None
    # As large as pictures may get.
    most = [slot.max_bytes for slot in Theme(max_images=6).picture_slots]
    sizes = [most[0], *[most[1]] * 5]
    images = tuple(InlineImage(f"{uuid.uuid4().hex:0<40}@digest", "image/jpeg", bytes(size), 1, 1) for size in sizes)
    sender = Sender("न", "news@example.com", None, "न", "https://news.example.com")
    to = Recipient(1, "asha@example.com", sender, "u" * 36, "p" * 36, "v" * 36)
    outgoing = Outgoing("2026-11-23", "1", "1", email, sender, (to,), images)
    assert len(build(outgoing, to, date=datetime(2026, 11, 23, tzinfo=UTC))) <= 350_000


# The tests above decode every kind of picture; this one only measures its memory.
@only_thorough
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
def test_the_largest_picture_is_decoded_without_copies(tmp_path: Path) -> None:
    """The process that decodes it also sends the edition, perhaps on a small machine."""
    file = tmp_path / "large.png"
    Image.new("RGBA", (6400, 6200), (10, 20, 30, 128)).save(file, compress_level=1)
    script = (
        "import re, sys; from digest.render.pictures import clean; clean(open(sys.argv[1], 'rb').read());"
        "print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1])"
    )
    run = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=True)
    # Its pixels, the same on white, and what is not the picture. With copies it was 660 MB.
    assert int(run.stdout) < 450 * 1024
