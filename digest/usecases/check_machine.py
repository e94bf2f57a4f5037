"""Check the clock and the disks of this machine."""

from __future__ import annotations

import shutil
import socket
import struct
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from digest.usecases.check_web import WebUnreachable, request
from digest.utils.findings import Finding, error, good, unknown, warning

# Seconds. With a larger error, providers refuse signatures and webhooks, and `send_at` is missed. A Date header is
# exact to a second.
_MAX_SKEW = 5.0
_NTP_TIMEOUT = 3.0
# From 1900 to 1970 (RFC 5905 section 6).
_NTP_EPOCH = 2_208_988_800
# Bytes. A send writes a few hundred bytes per recipient, an outbox about 60 kB.
_LOW, _FULL = 1_000_000_000, 200_000_000


def check_clock(ahead: Mapping[str, float], hosts: Iterable[str], ntp: str) -> Finding:
    """Compare our clock with the first server that tells its time.

    `ahead`: a server's name, and the seconds by which its clock is known to be ahead of ours. Without it, asks the web
    servers `hosts`, then the time server `ntp` (`host[:port]`).
    """
    for name, seconds in ahead.items():
        return judge_clock(seconds, name)
    for url in hosts:
        try:
            answer = request("HEAD", url)
        except WebUnreachable:
            continue
        if answer.ahead is not None:
            return judge_clock(answer.ahead, url.partition("://")[2])
    offset = ask_ntp(ntp)
    if offset is not None:
        return judge_clock(offset, ntp)
    return unknown("clock", f"not known: no time server answered ({ntp})", "run `timedatectl`")


def judge_clock(ahead: float, server: str) -> Finding:
    """Judge the seconds that a server's clock is ahead of ours."""
    if abs(ahead) > _MAX_SKEW:
        side = "behind" if ahead > 0 else "ahead of"
        message = f"this machine's clock is {abs(ahead):,.0f} seconds {side} {server}"
        return error("clock", message, "run `timedatectl set-ntp true`, or `chronyc makestep` with chrony")
    return good("clock", f"within {_MAX_SKEW:.0f} seconds of {server}")


def ask_ntp(server: str) -> float | None:
    """Return the seconds by which a time server is ahead of us, by SNTP (RFC 5905); None if it does not answer."""
    host, _, port = server.partition(":")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(_NTP_TIMEOUT)
            # A connected socket reports at once if nothing listens on the port.
            client.connect((host, int(port or 123)))
            began = time.time()
            # Version 4, mode 3: a client.
            client.send(b"\x23" + bytes(47))
            packet = client.recv(512)
            ended = time.time()
    except (OSError, ValueError, UnicodeError):
        return None
    # Stratum 0 refuses, 16 is not synchronised.
    if len(packet) < 48 or not 0 < packet[1] < 16:
        return None
    received, sent = _ntp_time(packet[32:40]), _ntp_time(packet[40:48])
    return ((received - began) + (sent - ended)) / 2


def _ntp_time(field: bytes) -> float:
    """Return a timestamp of NTP as Unix seconds."""
    seconds, fraction = struct.unpack("!II", field)
    return float(seconds - _NTP_EPOCH + fraction / 2**32)


def check_disks(folders: Mapping[str, Path]) -> list[Finding]:
    """Check the free space of folders (folder → its purpose). Folders on the same disk give one finding."""
    disks: dict[int, tuple[list[str], Path]] = {}
    for name, folder in folders.items():
        present = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        disks.setdefault(present.stat().st_dev, ([], present))[0].append(name)
    return [judge_disk(" and ".join(names), path, shutil.disk_usage(path).free) for names, path in disks.values()]


def judge_disk(name: str, path: Path, free: int) -> Finding:
    """Judge the free bytes on the disk of `path`."""
    message = f"{name}: {free / 1e9:,.1f} GB free on the disk of {path}"
    if free < _FULL:
        return error("disk", message, f"free at least {_LOW / 1e9:.0f} GB: with a full disk nothing is sent")
    if free < _LOW:
        return warning("disk", message, f"free at least {_LOW / 1e9:.0f} GB")
    return good("disk", message)
