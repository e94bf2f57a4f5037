"""Tell whether a story's picture is in the email, why not, and which other pictures there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digest.models import Article, Edition, Role, Story
from digest.render import texts
from digest.usecases.pictures import is_shown
from digest.web.desk.sentences import translate_all
from digest.web.desk.visit import Visit

_CID = "cid:"


@dataclass(frozen=True, slots=True)
class PictureState:
    """The picture of a story. A stored one has a `cid`; one that the email loads from its site has a `url`.

    `problem` says why there is no picture. `choices` are articles with pictures that the email can show.
    """

    cid: str
    url: str
    problem: str
    choices: Sequence[Article]


def state(visit: Visit, edition: Edition, story: Story, articles: Sequence[Article]) -> PictureState:
    _, theme = visit.catalogue.gettext, visit.desk.app.branding.theme
    stored = theme.images != "source"
    is_admin = visit.may(Role.ADMIN)
    if not theme.max_images:
        none = _("The emails have no pictures: `theme.max_images` is 0 in digest.yaml.")
        return PictureState("", "", none if is_admin else _("The emails of this newsletter have no pictures."), ())
    found = [each for each in articles if each.image]
    usable = [each for each in found if each.image and (stored or is_shown(each.image))]
    # The one that it has is no choice.
    own = {story.image.url, story.image.origin} if story.image else set()
    choices = [each for each in usable if each.image and each.image.url not in own]
    if story.image and story.image.url.startswith(_CID):
        return PictureState(story.image.url.removeprefix(_CID), "", "", choices)
    if story.image and is_shown(story.image):
        return PictureState("", texts.web_address(story.image.url), "", choices)
    if story.image or len(usable) < len(found):
        blocked = _(
            "The address of its picture begins with http://, and mail programs block such pictures. With "
            "`theme.images: attach` in digest.yaml the email carries its pictures itself."
        )
        if not is_admin:
            blocked = _("Mail programs block its picture, because its address begins with http. Choose another one.")
        return PictureState("", "", blocked, choices)
    # The warning of the file that could not be prepared.
    warned = next((each for each in edition.warnings if each.startswith(f"“{texts.one_line(story.title)}” has no")), "")
    why = translate_all(warned, visit.catalogue) if warned else _("It has no picture in the email.")
    return PictureState("", "", why, choices)
