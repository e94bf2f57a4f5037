"""Crop and shrink a picture for its place in an email. The file comes from another site and may be hostile.

Only the pixels are kept: metadata (such as a camera's position), colour profiles and further frames are dropped.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from digest.messages import Message
from digest.models import Image, InlineImage

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

MAX_BYTES = 8_000_000
"""Bytes of one file. A newspaper's largest photographs have about half of that."""

MAX_PIXELS = 40_000_000
"""Pixels of one file. In memory each has four bytes, and a small file can claim any number of them."""

MIN_SIDE = 10
"""Pixels. A smaller image is a spacer or a tracker."""

MIN_SCALE = 0.7
"""A picture must have this share of its slot's width: a smaller one would be enlarged and blurred."""

SHARPNESS = 2
"""Pixels of the file per pixel of the email: what the screens of phones show."""

WHOLE_SIDE, WHOLE_QUALITY = 1600, 88
"""Pixels of the longer side, and JPEG quality, of a picture that is kept whole. A slot needs at most 1,200."""

TOTAL_BYTES = 180_000
"""Bytes of all pictures of one email. With 20 stories it has at most 350 kB then, because base64 adds a third."""

LEAD_BYTES = TOTAL_BYTES // 2
THUMBNAIL_BYTES = 18_000

# WebP quality, and how many pictures are kept in memory, of `for_screen`.
_SCREEN_QUALITY, _MOST_FOR_SCREENS = 35, 100
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
# JPEG quality from the first to the last attempt to fit the bytes. Below 40 blocks are visible.
_QUALITIES = (76, 68, 60, 50, 40)
# A file with at most 256 colours is a drawing. Reduced to 64 colours, its PNG may be smaller than its JPEG.
_FEW_COLOURS, _COLOURS = 256, 64
_WHITE = (255, 255, 255)


class PictureProblem(Exception):
    """A file cannot be shown. The message is a predicate, such as "is damaged"."""


@dataclass(frozen=True, slots=True)
class PictureSlot:
    """A place for a picture in an email: width and height in the email's pixels, and the maximum bytes of the file."""

    width: int
    height: int
    max_bytes: int

    def fits(self, image: Image) -> bool:
        """Whether a finished picture has this shape and is sharp enough."""
        if not image.width or not image.height or image.width < self.width:
            return False
        return abs(image.height - image.width * self.height / self.width) <= 1


def slots(lead: tuple[int, int], thumbnail: tuple[int, int], pictures: int) -> tuple[PictureSlot, PictureSlot]:
    """Return the slots of the top story's picture and of the others. `lead` and `thumbnail` are width and height.

    `pictures` is how many an email has at most. Their bytes are then at most TOTAL_BYTES together.
    """
    small = min(THUMBNAIL_BYTES, (TOTAL_BYTES - LEAD_BYTES) // max(pictures - 1, 1))
    return PictureSlot(*lead, LEAD_BYTES), PictureSlot(*thumbnail, small)


def prepare(data: bytes, slot: PictureSlot) -> InlineImage:
    """Decode a file, and cut, shrink and encode it for `slot`. The same file gives the same bytes.

    Raises PictureProblem for a file that is not a JPEG, PNG, WebP or GIF, or is damaged or too large.
    """
    # A JPEG can be decoded at a half, a quarter or an eighth of its size.
    whole, is_drawing = _decode(data, 2 * SHARPNESS * slot.width)
    return _encode(_shrink(whole, slot), slot, is_drawing=is_drawing)


def clean(data: bytes) -> InlineImage:
    """Decode a file and encode its pixels again, whole, for a picture that is not in a slot yet.

    Raises PictureProblem as `prepare` does.
    """
    from PIL import Image as pillow

    whole, is_drawing = _decode(data, WHOLE_SIDE)
    whole.thumbnail((WHOLE_SIDE, WHOLE_SIDE), pillow.Resampling.LANCZOS)
    pixels = _without_metadata(whole)
    file = _file(pixels, "PNG") if is_drawing else _file(pixels, "JPEG", quality=WHOLE_QUALITY)
    return InlineImage(_cid(file), "image/png" if is_drawing else "image/jpeg", file, *pixels.size)


@lru_cache(maxsize=_MOST_FOR_SCREENS)
def for_screen(image: InlineImage, width: int, height: int = 0) -> InlineImage:
    """Return a prepared picture with the pixels and bytes that a page needs to show it in this size.

    `width` and `height` are pixels of the page. A picture of another shape is cut; with 0 it keeps its shape. Returns
    `image` itself if nothing is gained.
    """
    slot = PictureSlot(width, height or max(1, round(width * image.height / image.width)), len(image.data))
    try:
        whole, _is_drawing = _decode(image.data, 2 * SHARPNESS * width)
        pixels = _shrink(whole, slot)
    # It is smaller than its place, for example.
    except PictureProblem:
        return image
    data = _file(pixels, "WEBP", quality=_SCREEN_QUALITY)
    if len(data) >= len(image.data):
        return image
    return replace(image, type="image/webp", data=data, width=pixels.width, height=pixels.height)


def _decode(data: bytes, side: int) -> tuple[PillowImage, bool]:
    """Return the pixels of a file, and whether it is a drawing. A large JPEG has at least `side` pixels then."""
    from PIL import Image as pillow
    from PIL import UnidentifiedImageError

    if len(data) > MAX_BYTES:
        raise PictureProblem(Message("has more than %(num)s bytes", num=f"{MAX_BYTES:,}"))
    try:
        with warnings.catch_warnings():
            # Pillow's own limit starts with a warning. The pixels are counted below, before any is decoded.
            warnings.simplefilter("ignore", pillow.DecompressionBombWarning)
            with pillow.open(io.BytesIO(data), formats=_FORMATS) as opened:
                _check_size(opened.size)
                opened.draft(None, (side, side))
                whole = _upright(opened)
                return whole, opened.format in ("PNG", "GIF") and whole.getcolors(_FEW_COLOURS) is not None
    except UnidentifiedImageError:
        raise PictureProblem(Message("is not a JPEG, PNG, WebP or GIF file")) from None
    except PictureProblem:
        raise
    except pillow.DecompressionBombError:
        raise PictureProblem(Message("has more than %(num)s pixels", num=f"{MAX_PIXELS:,}")) from None
    # Pillow's decoders raise anything for damaged files: OSError, SyntaxError, struct.error, ValueError.
    except Exception as error:
        raise PictureProblem(Message("is damaged (%(name)s)", name=str(error)[:80] or type(error).__name__)) from error


def crop_box(size: tuple[int, int], slot: PictureSlot) -> tuple[int, int, int, int]:
    """Return the largest part of a picture of this size with the slot's shape: left, top, right, bottom.

    Faces are in the upper third of an upright picture, so that third is kept. Of a tall one's excess height, a third is
    cut above and two thirds below, because the ground matters less than the skyline.
    """
    width, height = size
    wanted = slot.width / slot.height
    if width / height > wanted:
        part = max(1, round(height * wanted))
        left = (width - part) // 2
        return left, 0, left + part, height
    part = max(1, round(width / wanted))
    top = max(0, (height // 3 - part) // 2) if height > width else (height - part) // 3
    return 0, top, width, top + part


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise PictureProblem(
            Message(
                "has %(num)s × %(later_num)s pixels, and %(hours)s is the limit",
                num=f"{width:,}",
                later_num=f"{height:,}",
                hours=f"{MAX_PIXELS:,}",
            )
        )
    if min(size) < MIN_SIDE:
        raise PictureProblem(Message("has only %(num)s × %(later_num)s pixels", num=width, later_num=height))


def _upright(opened: PillowImage) -> PillowImage:
    """Return the first frame, turned as its EXIF orientation says, on white where it is transparent."""
    from PIL import Image as pillow
    from PIL import ImageOps

    opened.seek(0)
    opened.load()
    # Copies are avoided: one of the largest picture has 160 MB.
    ImageOps.exif_transpose(opened, in_place=True)
    if not opened.has_transparency_data:
        return opened.convert("RGB")
    ground = pillow.new("RGB", opened.size, _WHITE)
    layer = opened if opened.mode == "RGBA" else opened.convert("RGBA")
    ground.paste(layer, mask=layer.getchannel("A"))
    return ground


def _shrink(pixels: PillowImage, slot: PictureSlot) -> PillowImage:
    """Crop the picture to the slot's shape, at twice the slot's size if it is large enough. Metadata is dropped."""
    from PIL import Image as pillow

    box = crop_box(pixels.size, slot)
    width = min(SHARPNESS * slot.width, box[2] - box[0])
    if width < MIN_SCALE * slot.width:
        raise PictureProblem(
            Message(
                "is too small: %(num)s × %(later_num)s pixels for a place of %(hours)s",
                num=pixels.width,
                later_num=pixels.height,
                hours=slot.width,
            )
        )
    height = max(1, round(width * slot.height / slot.width))
    shrunk = pixels.resize((width, height), pillow.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    return _without_metadata(shrunk)


def _without_metadata(pixels: PillowImage) -> PillowImage:
    from PIL import Image as pillow

    found = pillow.new("RGB", pixels.size)
    found.paste(pixels)
    return found


def _encode(pixels: PillowImage, slot: PictureSlot, *, is_drawing: bool) -> InlineImage:
    """Return the first encoding with few enough bytes; a picture that stays too large is made smaller, down to the
    slot.
    """
    from PIL import Image as pillow

    while True:
        for kind, data in _encodings(pixels, is_drawing=is_drawing):
            if len(data) <= slot.max_bytes:
                return InlineImage(_cid(data), kind, data, *pixels.size)
        if pixels.width <= slot.width:
            raise PictureProblem(f"has more than {slot.max_bytes:,} bytes even when it is small")
        width = max(slot.width, pixels.width * 3 // 4)
        height = max(1, round(width * slot.height / slot.width))
        pixels = pixels.resize((width, height), pillow.Resampling.LANCZOS)


def _cid(data: bytes) -> str:
    return f"{hashlib.sha256(data).hexdigest()[:40]}@digest"


def _encodings(pixels: PillowImage, *, is_drawing: bool) -> Iterator[tuple[str, bytes]]:
    """Yield media types and files, from the best to the smallest. A drawing is a PNG if that is smaller."""
    best = _file(pixels, "JPEG", quality=_QUALITIES[0])
    if is_drawing:
        flat = _file(pixels.quantize(_COLOURS), "PNG")
        if len(flat) < len(best):
            yield "image/png", flat
    yield "image/jpeg", best
    for quality in _QUALITIES[1:]:
        yield "image/jpeg", _file(pixels, "JPEG", quality=quality)


def _file(pixels: PillowImage, format: str, **options: int) -> bytes:
    out = io.BytesIO()
    pixels.save(out, format, optimize=True, progressive=format == "JPEG", **options)
    return out.getvalue()
