"""Many newspaper sites in a process of their own. They answer after a latency, as on a real network."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_NEWS = (
    "नहर में पानी आया, किसान खुश", "गांव की सड़क बनकर तैयार", "स्कूल में पुस्तकालय खुला", "बारिश से फसल को राहत",
    "अस्पताल में नई मशीन लगी", "मेले में उमड़ी भीड़", "बिजली की दरें घटीं", "खिलाड़ियों का सम्मान हुआ",
)  # fmt: skip
_TEXT = "जिले के अधिकारियों ने बताया कि काम समय पर पूरा हुआ और लोगों को इसका लाभ मिलने लगा है। "


def feed(number: int, items: int) -> bytes:
    """Return the RSS feed of one paper. No two papers share an article."""
    rows = "".join(
        f"<item><title>{_NEWS[(number + nth) % len(_NEWS)]}: वार्ड {number}-{nth}</title>"
        f"<link>https://paper{number}.example/news/{nth}</link>"
        f"<pubDate>Mon, 23 Nov 2026 {8 + nth % 4:02d}:{nth % 60:02d}:00 +0530</pubDate>"
        f"<description>&lt;p&gt;{_TEXT * 2}&lt;/p&gt;</description></item>"
        for nth in range(items)
    )
    head = f"<title>अखबार {number}</title><link>https://paper{number}.example/</link><language>hi</language>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{rows}</channel></rss>'.encode()


@contextlib.contextmanager
def running(items: int, latency: float) -> Iterator[str]:
    """Serve, and return the base URL. `/feed?7` is a paper's feed, answered after `latency` seconds."""
    command = [sys.executable, "-m", "bench.slow_sites", str(items), str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


class _Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True


def _serve(items: int, latency: float) -> None:
    ready: dict[int, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = int(urlsplit(self.path).query)
            body = ready.get(number) or ready.setdefault(number, feed(number, items))
            time.sleep(latency)
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Log nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    print(server.server_address[1], flush=True)


if __name__ == "__main__":
    _serve(int(sys.argv[1]), float(sys.argv[2]))
