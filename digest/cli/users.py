"""`digest users`: the accounts of the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from digest.cli.opening import command_actor, pass_app
from digest.cli.output import emit, json_option, plural, table
from digest.models import Role

if TYPE_CHECKING:
    from digest.app import App

_ROLE = click.Choice([role.value for role in Role])


@click.group()
def users() -> None:
    """List, add and remove the users of the desk, and make links to sign in."""


@users.command("list")
@json_option
@pass_app
def list_(app: App, as_json: bool) -> None:
    """List the users with their roles and open sessions."""
    lines = app.accounts.list()
    zone = app.settings.newsletter.zone
    if as_json:
        rows = [
            {
                "name": line.user.name,
                "role": line.user.role,
                "set_up": line.has_password or line.used_email,
                "email": line.sign_in_email,
                "sessions": line.sessions,
                "last_seen": line.last_seen.astimezone(zone).isoformat() if line.last_seen else None,
            }
            for line in lines
        ]
        emit({"users": rows})
        return
    if not lines:
        click.echo("There is no user yet: digest users add NAME --role admin")
        return
    cells = [
        (
            line.user.name,
            line.user.role,
            "yes" if line.has_password or line.used_email else "no",
            line.sign_in_email,
            line.sessions or "",
            f"{line.last_seen.astimezone(zone):%Y-%m-%d %H:%M}" if line.last_seen else "",
        )
        for line in lines
    ]
    click.echo(table(("name", "role", "set up", "email", "sessions", "last seen"), cells))


@users.command()
@click.argument("name")
@click.option("--role", type=_ROLE, default=Role.EDITOR.value, show_default=True, help="What the user may do.")
@pass_app
def add(app: App, name: str, role: str) -> None:
    """Add a user and print their link.

    It leads to a page to choose a password, and works once, within a day.
    """
    app.accounts.add(name, Role(role), command_actor(app.environment))
    click.echo(link_of(app, name))


@users.command()
@click.argument("name")
@click.argument("role", type=_ROLE)
@pass_app
def role(app: App, name: str, role: str) -> None:
    """Give a user another role. It applies from their next click on."""
    app.accounts.set_role(name, Role(role), command_actor(app.environment))
    click.echo(f"{name} is {role}.")


@users.command()
@click.argument("name")
@click.argument("address", metavar="EMAIL")
@pass_app
def email(app: App, name: str, address: str) -> None:
    """Set a user's address for OpenID Connect.

    '' removes the address. Needs `desk.oidc` in digest.yaml. The same address again accepts another account of the
    provider.
    """
    app.accounts.set_email(name, address, command_actor(app.environment))
    click.echo(f"{name} may sign in with {address.strip()}." if address.strip() else f"{name} has no address now.")


@users.command()
@click.argument("name")
@pass_app
def remove(app: App, name: str) -> None:
    """Remove a user and end their sessions."""
    app.accounts.remove(name, command_actor(app.environment))
    click.echo(f"{name} is removed.")


@users.command()
@click.argument("name")
@pass_app
def link(app: App, name: str) -> None:
    """Print a new link for a user. It works once, within a day.

    Whoever uses it chooses a new password, and all older sessions end.
    """
    click.echo(link_of(app, name))


@users.command("end-sessions")
@click.argument("name")
@pass_app
def end_sessions(app: App, name: str) -> None:
    """End every session of a user, such as after a phone was lost."""
    ended = app.accounts.end_sessions(name, command_actor(app.environment))
    click.echo(f"{plural(ended, 'session')} of {name} ended.")


def link_of(app: App, name: str, pages: str | None = None) -> str:
    """Return the URL of a new one-time link. `pages` is the address of the pages, used if no public one is set."""
    web = app.settings.web
    desk = app.desk_url(pages or f"http://{web.host}:{web.port}")
    return f"{desk}/link/{app.accounts.make_link(name, command_actor(app.environment))}"


def first_link(app: App, pages: str) -> str:
    """Return a link for the first admin while nobody has a password; '' afterwards."""
    lines = app.accounts.list()
    if any(line.has_password or line.used_email for line in lines):
        return ""
    admins = [line.user.name for line in lines if line.user.role is Role.ADMIN]
    if not admins:
        app.accounts.add("admin", Role.ADMIN, command_actor(app.environment))
    return link_of(app, admins[0] if admins else "admin", pages)


@users.command()
@click.argument("name")
@click.argument("token")
@click.option("--role", type=_ROLE, default=Role.VIEWER.value, show_default=True, help="What the token allows.")
@click.option("--days", type=int, help="For how long it works (default: until it is revoked).")
@pass_app
def token(app: App, name: str, token: str, role: str, days: int | None) -> None:
    """Make a token of the API.

    It has the name TOKEN and acts for the user NAME. It is shown only now.
    """
    click.echo(app.api_tokens.make(name, token, Role(role), command_actor(app.environment), days=days))


@users.command()
@json_option
@pass_app
def tokens(app: App, as_json: bool) -> None:
    """List the tokens of the API."""
    found, zone = app.api_tokens.list(), app.settings.newsletter.zone
    rows = [
        {
            "user": each.user.name,
            "name": each.name,
            "role": each.allows.value,
            "expires_at": each.expires_at.isoformat() if each.expires_at else None,
            "used_at": each.used_at.isoformat() if each.used_at else None,
        }
        for each in found
    ]
    if as_json:
        emit({"tokens": rows})
        return
    cells = [
        (
            each.user.name,
            each.name,
            each.allows.value,
            *(f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else "" for at in (each.expires_at, each.used_at)),
        )
        for each in found
    ]
    click.echo(table(("user", "name", "role", "expires", "last used"), cells))


@users.command()
@click.argument("name")
@click.argument("token")
@pass_app
def revoke(app: App, name: str, token: str) -> None:
    """Revoke the token TOKEN of the user NAME at once."""
    app.api_tokens.revoke(name, token, command_actor(app.environment))
    click.echo(f"Token {token} of {name} is revoked.")
