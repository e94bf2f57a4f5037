"""Assemble the pages: routes, static files, error pages and the middleware around them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from digest import __version__
from digest.app import App
from digest.config.schedule import WEEKDAYS
from digest.errors import ConfigurationError, StoreError
from digest.i18n import translator
from digest.mail.dns.resolver import MailDomains
from digest.models import MAIN
from digest.store.content.editions import PublishedStore
from digest.store.people.consent import NoticeStore
from digest.store.people.directory import SubscriberState
from digest.store.people.preferences import ConsentContext, StoredSubscriber
from digest.store.people.requests import RequestStore
from digest.store.people.signups import SignupStore
from digest.store.rate_limits import RateLimiter
from digest.utils.heartbeat import Heartbeat
from digest.utils.timed_cache import TimedCache
from digest.web import answers, approval, clicks, own_data, preferences, stay, unsubscribe, view_in_browser
from digest.web import privacy as privacy_routes
from digest.web import signup as signup_routes
from digest.web.approval import ApprovalPage
from digest.web.archive import feeds as archive_feeds
from digest.web.archive import routes as archive_routes
from digest.web.archive import sitemaps
from digest.web.archive.access import Access
from digest.web.archive.metadata import home_metadata
from digest.web.archive.site import Archive
from digest.web.change_notices import ChangeNotices
from digest.web.clicks import ClickRecorder, Redirects
from digest.web.compression import Compressed
from digest.web.dependencies import Context, Refused
from digest.web.editions import LatestEdition, NextEdition, Showcase, TopicRates
from digest.web.health import routes as health_routes
from digest.web.health.checks import Health, MetricsAccess
from digest.web.middleware import Guard, log_error
from digest.web.outbound_mail import OutboundMail
from digest.web.own_data import OwnData
from digest.web.own_data_emails import OwnDataEmails
from digest.web.page_cache import PageCache
from digest.web.pages import CUSTOM_TEMPLATES, PAGE_RESPONSES, Pages, language_parameter
from digest.web.preferences import OfferedEdition, PreferencesPage
from digest.web.privacy import CurrentNotice, PrivacyNotice, Tracking, tracking_of
from digest.web.request_group import RequestGroup
from digest.web.resend import Resender
from digest.web.sample_data import find_template_errors
from digest.web.signup import Offer, Signup, SignupEmails
from digest.web.unsubscribe import LeavePage
from digest.web.view_in_browser import EmailViewer
from digest.web.webhooks import webhooks
from digest.web.welcome import WelcomeEmails

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="{accent}"/>'
    '<path d="M3 5h10M3 8h10M3 11h6" stroke="{paper}" stroke-width="1.6"/></svg>'
)
# For pages that change only with the archive.
_CACHED_PATHS = ("/archive", "/card/", "/corrections", "/sitemap", "/story/", "/topic/")
_CACHED_PAGES = ("/", "/icon.svg", "/join", "/privacy", "/share.js", "/style.css")
_SCRIPT = (Path(__file__).parent / "share.js").read_text(encoding="utf-8")
# Seconds for which the sign-up remembers how many readers there are.
_COUNTED_AGAIN = 3600.0
_CACHED = {"cache-control": "public, max-age=86400"}


def static_routes(pages: Pages, signup: Signup | None) -> APIRouter:
    """Serve `/` (the sign-up form, if there is one), `/style.css`, `/share.js` and `/icon.svg`."""
    routes = APIRouter(tags=["static"])
    light = pages.branding.theme.light

    @routes.get(
        "/",
        response_class=HTMLResponse,
        responses=PAGE_RESPONSES,
        summary="The home page",
        dependencies=[Depends(language_parameter)],
    )
    def home(request: Request) -> HTMLResponse:
        if signup is not None:
            return signup.form(request)
        response = pages.response(request, "front.html.j2", "/", personal=False, meta=home_metadata(pages, request))
        response.headers["x-robots-tag"] = "all"
        return response

    @routes.get("/style.css", response_class=Response, responses=_file_response("text/css"), summary="The stylesheet")
    def stylesheet() -> Response:
        return Response(pages.css, media_type="text/css", headers=_CACHED)

    @routes.get("/share.js", response_class=Response, responses=_file_response("text/javascript"), summary="The script")
    def script() -> Response:
        return Response(_SCRIPT, media_type="text/javascript", headers=_CACHED)

    @routes.get("/icon.svg", response_class=Response, responses=_file_response("image/svg+xml"), summary="The favicon")
    def icon() -> Response:
        svg = _ICON.format(accent=light.accent, paper=light.paper)
        return Response(svg, media_type="image/svg+xml", headers=_CACHED)

    return routes


def _file_response(media_type: str) -> dict[int | str, dict[str, object]]:
    return {200: {"description": "The file.", "content": {media_type: {}}}}


log = logging.getLogger(__name__)

# Characters.
_MIN_TOKEN = 16
# Seconds for which the pages remember the calendar.
_CACHED_SECONDS = 5.0
# (path prefix, bytes) of routes that accept more than a form.
_LARGER_BODIES = (("/webhooks/", 8 * 1024 * 1024),)


@contextmanager
def create_app(app: App, base: str, heartbeat: Heartbeat | None = None) -> Iterator[ASGIApp]:
    """Open the pages of a newsletter as an ASGI app. Raises ConfigurationError.

    When the block ends, queued emails are sent. `base` replaces an unset newsletter.base_url.

    A send in the same process needs its own App. `heartbeat` is the schedule's, if this process runs it.
    """
    settings = app.settings
    pages = _pages_or_default(app, settings.newsletter.base_url or base)
    app.check_credentials()
    # App builds collaborators on first use. Build them here, before several threads ask at once.
    _ = (app.signer, app.database, app.answers, app.archive, app.articles, app.editions, app.renderer, app.sender)
    _ = (app.topics, app.archivist, app.cards, app.clicks, app.subscriber_texts, app.reengagement_store)
    _ = (app.address_changer, app.eraser, app.personal_data)
    names = [source.name for source in app.sources]
    with (
        Health(lambda: app.database, lambda: names, heartbeat) as health,
        closing(OutboundMail(lambda: app.transports[0])) as outbound,
        closing(RequestGroup(partial(_unsubscribe_all, app))) as leaving,
        closing(RequestGroup(_context(app, pages).subscribers)) as reading,
        _complete_archive(app),
        ExitStack() as opened,
    ):
        leave_page = _leave_page(app, pages, outbound, leaving, reading)
        routers = [
            *_routers(app, pages, outbound, leave_page),
            *_click_routers(app, pages, opened),
            health_routes.router(health, _metrics_access(app)),
        ]
        title = f"{settings.newsletter.name}: reader pages"
        crowded = translator(pages.languages[0]).gettext(
            "Too many requests at once from your network. Please try again in a minute."
        )
        site: ASGIApp = _fastapi(title, pages, routers)
        prefixes = _CACHED_PATHS if settings.web.archive == "public" else ()
        site = PageCache(Compressed(site), lambda: _version(app), prefixes, paths=_CACHED_PAGES)
        site = unsubscribe.LeaveFirst(site, leave_page)
        yield Guard(
            site,
            hosts=_hosts(app, base),
            prefix=pages.root,
            larger=_LARGER_BODIES,
            any_host=health_routes.PATHS,
            logo=pages.branding.theme.logo,
            crowded=crowded,
        )


def _version(app: App) -> str:
    """Return a version that changes with the content of cached pages.

    It includes the day, because topic rates change daily.
    """
    now = app.now()
    return f"{app.archive.version(now)} {now:%Y-%m-%d}"


@contextmanager
def _complete_archive(app: App) -> Iterator[None]:
    """Add missing editions to the archive, such as those of an earlier version, while the pages are served."""
    stop = threading.Event()

    def add() -> None:
        try:
            if added := app.archivist.catch_up(stop.is_set):
                log.info("the archive has %s more editions", added)
        # The pages work without it, and the next start tries again.
        except Exception as error:
            log.error("the archive is not complete: %s", type(error).__name__)

    thread = threading.Thread(target=add, name="archive")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _metrics_access(app: App) -> MetricsAccess:
    chosen = app.settings.web.metrics
    token = app.secret(chosen.token_env, "web.metrics.token_env") if chosen.token_env else None
    if token and len(token) < _MIN_TOKEN:
        problem = f"expected a token of at least {_MIN_TOKEN} characters ('web.metrics.token_env')"
        raise ConfigurationError.at(chosen.token_env, problem)
    return MetricsAccess(tuple(map(ip_network, chosen.addresses)), token)


def load_pages(app: App, base: str, *, custom: bool = True) -> Pages:
    """Build the pages by the settings. With `custom`, templates of the newsletter folder override the built-in ones."""
    web, folder = app.settings.web, app.home / CUSTOM_TEMPLATES
    own = folder if custom and folder.is_dir() else None
    schedule = app.settings.schedule
    daily = not schedule.editions and len(schedule.days) == len(WEEKDAYS)
    send_at, age = schedule.send_at if daily else None, app.settings.privacy.minimum_age
    return Pages(
        app.branding,
        base,
        archive=web.archive,
        signup=web.signup,
        send_at=send_at,
        minimum_age=age,
        topics=web.topics,
        custom=own,
    )


def _pages_or_default(app: App, base: str) -> Pages:
    """Return the pages with the newsletter's own templates, or with the built-in ones if the own ones have errors."""
    pages = load_pages(app, base)
    if not (app.home / CUSTOM_TEMPLATES).is_dir():
        return pages
    errors = find_template_errors(pages, app.now(), app.topics)
    for error in errors:
        log.error("reader pages: %s; the built-in pages are served until you fix this and restart", error)
    return load_pages(app, base, custom=False) if errors else pages


def _unsubscribe_all(app: App, requests: Sequence[tuple[int, ConsentContext]]) -> list[bool]:
    return app.preferences.unsubscribe_all(requests, now=app.now())


def _context(app: App, pages: Pages) -> Context:
    return Context(pages, app.signer, app.preferences, RateLimiter(app.database), app.now)


def _leave_page(
    app: App,
    pages: Pages,
    outbound: OutboundMail,
    leaving: RequestGroup[tuple[int, ConsentContext], bool],
    reading: RequestGroup[int, StoredSubscriber | None],
) -> LeavePage:
    context = _context(app, pages)
    emails = OwnDataEmails(pages, app.sender, app.signer)
    notices = ChangeNotices(context, RequestStore(app.database), emails, outbound)
    calendar = TimedCache(app.calendar_reader.read, _CACHED_SECONDS)
    published = PublishedStore(app.database, samples=app.outbox_only)
    next_edition = NextEdition(calendar.get, app.settings.choices, published, app.now)
    return LeavePage(context, next_edition, notices, leaving, reading)


def _routers(app: App, pages: Pages, outbound: OutboundMail, leave_page: LeavePage) -> list[APIRouter]:
    """Return the routes that the settings enable."""
    web, database, editions = app.settings.web, app.database, app.editions
    images, sender = app.articles.images, app.sender
    context, next_edition, notices = leave_page.context, leave_page.next_edition, leave_page.notices
    published = next_edition.published
    public_archive = web.archive == "public"
    rates = TopicRates(published)
    current = CurrentNotice(PrivacyNotice(pages, app.settings), NoticeStore(database))
    receives_none = _receives_none(web.nameserver)
    signup = None
    latest = LatestEdition(app.settings.choices, published, app.now)
    showcase = Showcase(app.archive if public_archive or web.sample else None, app.now)
    if web.signup:
        emails = SignupEmails(pages, sender, app.signer, next_edition, notices.requests, notices.emails)
        welcomes = WelcomeEmails(pages, sender, app.signer, latest, editions, images, app.topics)
        untracked = tracking_of(app.settings) in (Tracking.NOTHING, Tracking.CLICKS)
        schedule = app.settings.schedule
        days = [each.days or schedule.days for each in schedule.editions] or [schedule.days]
        is_daily = any(len(each) == len(WEEKDAYS) for each in days)
        approvals = [each.approval or schedule.approval for each in schedule.editions] or [schedule.approval]
        offer = Offer(
            showcase,
            rates,
            latest,
            next_edition,
            app.first_send_at,
            len(app.sources),
            untracked,
            is_daily,
            is_approved=set(approvals) == {"required"},
            count=TimedCache(lambda: app.directory.counts(app.now())[SubscriberState.ACTIVE], _COUNTED_AGAIN),
            show_readers_from=web.show_readers_from,
            topics=app.topics,
        )
        signup = Signup(
            context,
            SignupStore(database),
            emails,
            outbound,
            current,
            offer,
            web.signup_mails_per_hour,
            welcomes=welcomes if web.welcome else None,
            receives_none=receives_none,
            can_draw=app.cards.can_draw,
        )
    page = PreferencesPage(
        context, latest, app.topics, app.first_send_at, _offered_editions(app), next_edition, rates, leave_page
    )
    own = OwnData(
        context,
        notices.requests,
        notices.emails,
        outbound,
        app.address_changer,
        app.eraser,
        app.personal_data,
        notices,
        receives_none,
    )
    # The framework tries one router after the other: first those whose pages are rendered for each request.
    routers = [
        preferences.router(
            page, Resender(context, editions, latest, published, images, sender, outbound, notices.requests, app.topics)
        ),
        unsubscribe.router(leave_page),
        preferences.pause_router(page),
        own_data.router(page, leave_page, own),
        static_routes(pages, signup),
        privacy_routes.router(current),
        stay.router(context, app.reengagement_store, next_edition),
        answers.router(context, editions, app.answers, app.subscriber_texts),
        approval.router(ApprovalPage(context, app.copy_with(unattended=True), app.public_desk_url)),
        view_in_browser.router(
            EmailViewer(
                context,
                editions,
                published,
                app.renderer,
                app.topics,
                links=app.readable_click_links,
                opens_archive=web.archive == "subscribers",
                has_public_archive=public_archive,
            ),
            images,
        ),
        webhooks(app),
        sitemaps.robots_router(pages, public=public_archive),
    ]
    if web.archive == "subscribers":
        access = Access(context, showcase)
        archive = Archive(context, app.archive, app.cards.can_draw, public=False)
        routers += [archive_routes.router(archive, [Depends(access.require_subscriber)]), access.router()]
    if public_archive:
        archive = Archive(context, app.archive, app.cards.can_draw)
        routers += [archive_routes.router(archive), archive_feeds.router(archive)]
        routers += [sitemaps.router(archive), archive_routes.cards_router(archive, app.cards)]
    if signup is not None:
        routers.append(signup_routes.router(signup))
    return routers


def _receives_none(nameserver: str) -> Callable[[str], bool]:
    """Whether a domain receives no email, for the sign-up."""
    return (lambda _domain: False) if nameserver == "off" else MailDomains(nameserver or None).surely_receives_none


def _click_routers(app: App, pages: Pages, opened: ExitStack) -> list[APIRouter]:
    """Return the routes of links that count clicks.

    They stay when clicks are turned off, because sent emails may have such links.

    The recorder is closed with `opened`.
    """
    links = app.readable_click_links
    if links is None:
        return []
    recorder = None
    if app.settings.clicks.enabled:
        recorder = opened.enter_context(closing(ClickRecorder(app.clicks, app.click_counter.fold, app.now)))
    return [clicks.router(_context(app, pages), Redirects(links, app.editions), recorder)]


def _offered_editions(app: App) -> tuple[OfferedEdition, ...]:
    """Return the editions in the order of the settings. Breaking news has no hour."""
    settings = app.settings
    by_slug = {edition.slug: edition for edition in settings.schedule.editions}
    catalogue = translator(settings.newsletter.language)
    offered = []
    for slug, default in settings.choices.items():
        edition = by_slug.get(slug)
        if edition is not None:
            name, send_at = edition.name or slug, edition.send_at or settings.schedule.send_at
        elif slug == MAIN:
            name, send_at = settings.newsletter.name, settings.schedule.send_at
        else:
            name, send_at = catalogue.gettext("Breaking news"), None
        offered.append(OfferedEdition(slug, name, send_at, default))
    return tuple(offered)


def _fastapi(title: str, pages: Pages, routers: list[APIRouter]) -> FastAPI:
    """Return the framework's app with these routes and our error pages."""
    # No API docs for visitors: they are only useful for tests, and the pages load remote scripts.
    fastapi = FastAPI(
        title=title, version=__version__, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    for router in routers:
        fastapi.include_router(router)

    @fastapi.exception_handler(HTTPException)
    def http_error(request: Request, error: HTTPException) -> Response:
        catalogue = pages.catalogue(request)
        if error.status_code in (404, 405):
            title = catalogue.gettext("There is nothing here")
        else:
            title = catalogue.gettext("We could not understand this request")
        response = pages.error(request, error.status_code, title)
        response.headers.update(error.headers or {})
        return response

    @fastapi.exception_handler(RequestValidationError)
    def invalid_form(request: Request, _error: RequestValidationError) -> HTMLResponse:
        catalogue = pages.catalogue(request)
        advice = catalogue.gettext("The form did not arrive correctly. Please go back and try again.")
        return pages.error(request, 422, catalogue.gettext("We could not understand this request"), advice)

    @fastapi.exception_handler(Refused)
    def refused(_request: Request, error: Refused) -> HTMLResponse:
        return error.response

    @fastapi.exception_handler(StoreError)
    def store_error(request: Request, error: StoreError) -> HTMLResponse:
        log_error(request.scope, error)
        return pages.server_error(request, error)

    # The middleware logs it, because the framework raises it again.
    @fastapi.exception_handler(Exception)
    def other_error(request: Request, error: Exception) -> HTMLResponse:
        return pages.server_error(request, error)

    return fastapi


def _hosts(app: App, base: str) -> set[str]:
    """Return the accepted host names: the public one and this machine's own."""
    urls = (app.settings.newsletter.base_url, base)
    return {str(urlsplit(url).hostname) for url in urls if url} | {"localhost", "127.0.0.1", "::1"}
