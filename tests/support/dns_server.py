"""A DNS server on 127.0.0.1 with the records of a test."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping, Sequence

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

# (name, type) to the records as zone files write them.
Zone = Mapping[tuple[str, str], Sequence[str]]


def txt(value: str) -> str:
    """A TXT record, in strings of at most 255 bytes."""
    return " ".join(f'"{value[at : at + 255]}"' for at in range(0, len(value), 255))


class DnsServer:
    """Answers from `zone`. Names in `broken` get SERVFAIL, those in `silent` no answer."""

    def __init__(self, zone: Zone, *, broken: Sequence[str] = (), silent: Sequence[str] = ()) -> None:
        self.zone, self.broken, self.silent = zone, broken, silent
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> DnsServer:
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        # An empty datagram ends the loop.
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while True:
            data, client = self.socket.recvfrom(4096)
            if not data:
                return
            query = dns.message.from_wire(data)
            name = query.question[0].name.to_text(omit_final_dot=True).lower()
            kind = dns.rdatatype.to_text(query.question[0].rdtype)
            response = dns.message.make_response(query)
            if name in self.silent:
                continue
            if name in self.broken:
                response.set_rcode(dns.rcode.SERVFAIL)
            elif records := self.zone.get((name, kind)):
                response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *records))
            elif not any(name == known for known, _kind in self.zone):
                response.set_rcode(dns.rcode.NXDOMAIN)
            self.socket.sendto(response.to_wire(), client)
