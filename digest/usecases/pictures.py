"""Prepare the pictures of an edition: fetch each file once, cut and shrink it, and keep it in the store by its hash.

The edition refers to its pictures by hash, so all its emails, and the archive years later, show the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

from digest.messages import Message
from digest.models import Edition, Image, InlineImage, Source, Story
from digest.render.pictures import PictureProblem, PictureSlot, clean, prepare
from digest.render.texts import one_line, web_address

if TYPE_CHECKING:
    from digest.collect.http.fetch import Fetcher
    from digest.render.themes import Theme
    from digest.store.content.articles import ImageStore

# Seconds for all pictures of an edition. A slow site may cost a picture, but not the edition.
TIMEOUT = 30.0

_THREADS = 8
_CID = "cid:"
# One upload is decoded at a time: a small file may need hundreds of megabytes, and the same process sends the edition.
_DECODING = Lock()


def is_shown(image: Image) -> bool:
    """Whether an email shows a picture from its site. Mail programs block those whose address begins with http://."""
    return web_address(image.url).startswith("https://")


def picture_address(given: str, theme: Theme) -> str:
    """Return a given address, if emails can have a picture from there; '' otherwise."""
    image = Image(web_address(given.strip()[:2_000]))
    return image.url if theme.images != "source" or is_shown(image) else ""


def save_upload(data: bytes, edition: Edition, story: Story, theme: Theme, images: ImageStore) -> str:
    """Store a picture of an editor, and return its URL. Raises PictureProblem if the email cannot show it."""
    lead, thumbnail = theme.picture_slots
    with _DECODING:
        found = clean(data)
        # A picture that is too small for its place is refused now, instead of when the edition is composed.
        prepare(found.data, lead if story.id == edition.lead else thumbnail)
    images.save([found])
    return f"{_CID}{found.cid}"


@dataclass(frozen=True)
class PicturePreparer:
    """Prepares the pictures of editions for one theme."""

    theme: Theme
    images: ImageStore
    # Refuses private addresses and limits time and size.
    fetcher: Fetcher
    # For sources with `allow_private`, whose pictures may be on a private host too.
    sources: Iterable[Source] = ()

    def prepare(self, edition: Edition, before: Edition | None) -> Edition:
        """Return `edition` with its pictures, and save these in the store. Pictures of `before` are reused.

        Every story gets its picture, because each variant shows other stories. A picture that cannot be shown is left
        out with a warning; its story stays.
        """
        if not self.theme.max_images:
            return edition
        lead, thumbnail = self.theme.picture_slots
        wanted = [
            (story, image, lead if story.id == edition.lead else thumbnail) for story, image in self._files_of(edition)
        ]
        known = self._known_pictures(before)
        files = self._read({image.url for _, image, slot in wanted if not _find_picture(known, image, slot)})
        made: dict[str, Image | None] = {}
        new: dict[str, InlineImage] = {}
        warnings = []
        for story, image, slot in wanted:
            if ready := _find_picture(known, image, slot):
                made[story.id] = replace(ready, alt=image.alt)
                continue
            try:
                picture = prepare(_data(files, image.url), slot)
            except PictureProblem as problem:
                made[story.id] = None
                name = "" if image.url.startswith(_CID) else f" {image.url[:200]}"
                warnings.append(
                    Message(
                        "“%(title)s” has no picture: the file%(name)s %(why)s",
                        title=one_line(story.title),
                        name=name,
                        why=problem,
                    )
                )
                continue
            new[picture.cid] = picture
            made[story.id] = Image(f"{_CID}{picture.cid}", picture.width, picture.height, image.alt, origin=image.url)
        self.images.save(list(new.values()))
        return replace(_with_pictures(edition, made), warnings=(*edition.warnings, *warnings))

    def _files_of(self, edition: Edition) -> Iterator[tuple[Story, Image]]:
        """Return the stories that need pictures, with the files that they refer to."""
        linked = self.theme.images == "source"
        for story in edition.stories():
            image = story.image
            if image and not image.origin and (image.url.startswith(_CID) or not linked):
                yield story, image

    def _known_pictures(self, before: Edition | None) -> dict[str, list[Image]]:
        """Return URL of a file → its pictures that are in the store already."""
        made = [story.image for story in before.stories() if story.image and story.image.origin] if before else []
        stored = self.images.load([image.url.removeprefix(_CID) for image in made])
        known: dict[str, list[Image]] = {}
        for image in made:
            if image.url.removeprefix(_CID) in stored:
                known.setdefault(image.origin, []).append(image)
        return known

    def _read(self, urls: Iterable[str]) -> Mapping[str, bytes | PictureProblem]:
        """Return URL → the file, or the reason why it could not be read."""
        local = [url.removeprefix(_CID) for url in urls if url.startswith(_CID)]
        files: dict[str, bytes | PictureProblem] = {
            f"{_CID}{cid}": image.data for cid, image in self.images.load(local).items()
        }
        remote = sorted(url for url in urls if not url.startswith(_CID))
        if not remote:
            return files
        pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="pictures")
        jobs: dict[str, Future[bytes]] = {url: pool.submit(self._fetch, url) for url in remote}
        wait(jobs.values(), timeout=TIMEOUT)
        # Late threads end by the fetcher's own deadline.
        pool.shutdown(wait=False, cancel_futures=True)
        for url, job in jobs.items():
            if not job.done() or job.cancelled():
                files[url] = PictureProblem(Message("did not arrive within %(num)s seconds", num=f"{TIMEOUT:.0f}"))
            elif error := job.exception():
                files[url] = error if isinstance(error, PictureProblem) else PictureProblem(_reason(error, url))
            else:
                files[url] = job.result()
        return files

    def _fetch(self, url: str) -> bytes:
        from digest.collect.http.ssrf import same_host

        may_be_private = any(each.allow_private and each.url and same_host(url, each.url) for each in self.sources)
        response = self.fetcher.get(url, allow_private=may_be_private)
        kind = response.content_type.partition(";")[0].strip().lower()
        # Some servers do not know WebP and send this type.
        if kind and not kind.startswith("image/") and kind != "application/octet-stream":
            raise PictureProblem(f"its server says that it is {kind[:60]}")
        return response.body


def _reason(error: BaseException, url: str) -> str:
    """Return why a file could not be fetched, as the words that follow its URL."""
    message = str(error).rstrip(".")
    return message.removeprefix(f"{url} ") if message.startswith(f"{url} ") else f"cannot be fetched: {message}"


def _data(files: Mapping[str, bytes | PictureProblem], url: str) -> bytes:
    found = files.get(url, PictureProblem("is no longer in the store"))
    if isinstance(found, PictureProblem):
        raise found
    return found


def _find_picture(known: Mapping[str, list[Image]], image: Image, slot: PictureSlot) -> Image | None:
    """Return the picture that was made from this file for this slot."""
    return next((made for made in known.get(image.url, ()) if slot.fits(made)), None)


def _with_pictures(edition: Edition, made: Mapping[str, Image | None]) -> Edition:
    return edition.map_stories(lambda story: replace(story, image=made.get(story.id, story.image)))
