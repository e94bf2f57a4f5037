"""Pictures of stories: fetched once, cropped and reduced; then attached, served by our pages, or linked at their
publishers.
"""

from __future__ import annotations

import io
import random
from contextlib import closing

import pytest
from PIL import Image

from digest.app import make_app
from digest.web.app import create_app
from tests.cli.newsroom import Newsroom, parse_mail, text_parts
from tests.support.asgi import Asgi
from tests.support.http_server import HttpServer

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

KEY = "2026-11-23"
PHOTO = Image.frombytes("RGB", (160, 90), random.Random(1).randbytes(160 * 90 * 3))
TITLES = (
    "सोनपुरा में पुरानी नहर की सफ़ाई पूरी, खेतों तक पहुँचा पानी",
    "रामगढ़िया की छात्राओं ने बनाया धूप से चलने वाला चूल्हा",
    "कमलपुर के मेले में इस बार मिट्टी के खिलौनों की धूम",
    "नदीघाट का पुस्तकालय अब रात नौ बजे तक खुला रहेगा",
)
BODIES = (
    "सोनपुरा की बीस किलोमीटर लंबी नहर की सफ़ाई तीन महीने में पूरी हुई और खेतों तक पानी पहुँचा।",
    "रामगढ़िया की छात्राओं के चूल्हे पर बीस मिनट में दो लोगों का चावल पक जाता है, ईंधन के बिना।",
    "कमलपुर के मेले में साठ कुम्हार परिवारों ने मिट्टी के खिलौनों की दुकानें लगाई हैं इस बार।",
    "नदीघाट का पुस्तकालय अब रात नौ बजे तक खुला रहेगा, पढ़ने वालों की संख्या दोगुनी हो गई है।",
)


def photograph(number: int = 0) -> bytes:
    out = io.BytesIO()
    PHOTO.resize((1600, 900)).rotate(number).save(out, "JPEG", quality=95)
    return out.getvalue()


def configure(newsroom: Newsroom, site: HttpServer, theme: str, *, private: str = "true", images: int = 4) -> None:
    """A newsletter of one feed with four stories, of which so many have a picture."""
    items = "".join(
        f"<item><title>{title}</title><link>{site.url(f'/{at}.html')}</link><guid>{at}</guid>"
        f"<pubDate>Mon, 23 Nov 2026 05:{at}0:00 +0530</pubDate><description>{BODIES[at]}</description>"
        + (f"<enclosure url='{site.url(f'/{at}.jpg')}' type='image/jpeg' length='1'/>" if at < images else "")
        + "</item>"
        for at, title in enumerate(TITLES)
    )
    site.route("/feed.xml", f"<rss version='2.0'><channel><title>गाँव</title>{items}</channel></rss>")
    for at in range(images):
        site.route(f"/{at}.jpg", photograph(at), type="image/jpeg")
    (newsroom.home / "digest.yaml").write_text(
        "newsletter: {name: न, sender: {email: a@example.com}, base_url: 'https://news.example.com'}\n"
        f"edition: {{min_stories: 1}}\ntheme: {theme}\n"
        f"sources: [{{name: गाँव, url: '{site.url('/feed.xml')}', allow_private: {private}, fulltext: false}}]\n",
        encoding="utf-8",
    )
    newsroom.set_subscribers("email: asha@example.com", "email: ravi@example.com")


def attached(mail: bytes) -> list[Image.Image]:
    parts = [part for part in parse_mail(mail).walk() if part.get_content_maintype() == "image"]
    return [Image.open(io.BytesIO(part.get_content())) for part in parts]


def warnings(newsroom: Newsroom) -> list[str]:
    return list(newsroom.json("edition", "show", KEY)["warnings"])


def test_pictures_are_fetched_once_and_attached_in_the_size_of_their_place(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        configure(newsroom, site, "{images: attach, max_images: 3}")
        newsroom.json("compose")
        newsroom.json("compose")
        newsroom.json("send")
        assert [len(site.hits(f"/{at}.jpg")) for at in range(4)] == [1, 1, 1, 1]
    mails = newsroom.outbox()
    sizes = {mail: [picture.size for picture in attached(mails[mail])] for mail in mails}
    assert sizes["asha@example.com"] == sizes["ravi@example.com"] == [(1088, 544), (240, 180), (240, 180)]
    assert len(mails["asha@example.com"]) < 200_000
    assert warnings(newsroom) == []
    assert 'alt="' in text_parts(mails["asha@example.com"])["text/html"]


def test_our_pages_serve_the_same_files_for_ever(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        configure(newsroom, site, "{images: pages}")
        newsroom.json("send")
    mail = newsroom.outbox()["asha@example.com"]
    assert attached(mail) == []
    html = text_parts(mail)["text/html"]
    stored = [
        story["image"] for section in newsroom.json("edition", "show", KEY)["sections"] for story in section["stories"]
    ]
    for image in stored:
        assert f'src="https://news.example.com/picture/{image.removeprefix("cid:")}"' in html
    path = f"/picture/{stored[0].removeprefix('cid:')}"
    with (
        make_app(newsroom.home, environment={}) as app,
        create_app(app, "https://news.example.com") as routes,
        closing(Asgi(routes)) as client,
    ):
        answer, archived, viewed = (
            client.request("GET", place, headers={"Host": "news.example.com"})
            for place in (path, f"/archive/{KEY}", f"/view/{KEY}/{app.signer.sign('view', 0)}")
        )
    # On our own pages no visitor's browser asks another host.
    for page in (archived, viewed):
        assert page.status == 200
        assert f'src="{path}?at=page"' in page.body.decode()
        assert "https://news.example.com/picture/" not in page.body.decode()
    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


def test_by_default_they_stay_where_they_are(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        configure(newsroom, site, "{name: modern}")
        newsroom.json("send")
        assert not site.hits("/0.jpg")
    assert attached(newsroom.outbox()["asha@example.com"]) == []


def test_a_bad_picture_is_reported_and_its_story_stays(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        configure(newsroom, site, "{images: attach}")
        site.route("/0.jpg", b"<html>gone</html>", type="text/html")
        site.route("/1.jpg", photograph()[:9_000], type="image/jpeg")
        site.route("/2.jpg", b"", status=404)
        newsroom.json("compose")
        found = warnings(newsroom)
        assert "its server says that it is text/html" in " ".join(found)
        assert "is damaged" in " ".join(found)
        assert f"{site.url('/2.jpg')} does not exist (HTTP 404)" in " ".join(found)
        # Without SpamAssassin, which takes a second.
        checked = newsroom.json("check", KEY, "--offline", PATH="")["edition"]
        assert set(found) <= set(checked["warnings"])
        assert set(newsroom.json("preview", KEY)["warnings"]) >= set(found)
        assert newsroom.json("send")["accepted"] == 2
    mail = newsroom.outbox()["asha@example.com"]
    assert len(attached(mail)) == 1
    assert all(title.split()[0] in text_parts(mail)["text/plain"] for title in TITLES)


def test_a_private_address_is_not_asked(newsroom: Newsroom) -> None:
    with HttpServer("127.0.0.2") as other, HttpServer() as site:
        configure(newsroom, site, "{images: attach}", images=1)
        feed = site.url("/0.jpg")
        other.route("/secret.jpg", photograph(), type="image/jpeg")
        site.route("/0.jpg", b"", status=302, headers={"Location": other.url("/secret.jpg")})
        newsroom.json("compose")
        assert other.requests == []
    assert len(warnings(newsroom)) == 1
    assert feed in warnings(newsroom)[0]


def test_a_changed_lead_gets_a_large_picture(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        configure(newsroom, site, "{images: attach}")
        edition = newsroom.json("compose")
        other = next(s["id"] for part in edition["sections"] for s in part["stories"] if s["id"] != edition["lead"])
        newsroom.digest("edition", "pin", KEY, other)
        newsroom.json("send")
    assert [picture.width for picture in attached(newsroom.outbox()["asha@example.com"])] == [1088, 240, 240, 240]


@pytest.mark.parametrize("base", ["", "http://127.0.0.1:8000"])
def test_pages_need_an_address_with_https(newsroom: Newsroom, base: str) -> None:
    (newsroom.home / "digest.yaml").write_text(
        f"newsletter: {{name: न, sender: {{email: a@example.com}}, base_url: '{base}'}}\ntheme: {{images: pages}}\n",
        encoding="utf-8",
    )
    run = newsroom.digest("check", "--offline")
    assert run.code == 2
    assert "'theme.images': pages needs 'newsletter.base_url' with https" in run.out
