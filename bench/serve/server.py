"""Server: answers GET and HEAD with pages, and nothing else to nobody else."""

import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from bench.errors import BenchError, reason_of
from bench.serve.hosts import is_allowed
from bench.serve.pages import Pages

_PATIENCE = 10.0  # seconds for a request to come in whole
# Nothing of a page reaches another address, not even of a page that somebody else put into the folder; a page's own
# policy, which names its script by hash, holds beside this one.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Server(ThreadingHTTPServer):
    """Listens at one address from its beginning.

    Args:
        host: the address, or a name that leads to it.
        port: 0 for any that is free.
        pages: what is shown.

    Raises:
        BenchError: it cannot listen there.

    """

    daemon_threads = True
    block_on_close = False  # a page that is being drawn does not keep the command from its end

    def __init__(self, host: str, port: int, pages: Pages) -> None:
        self.host, self.pages = host, pages
        if not 0 <= port < 2**16:
            raise BenchError(f"cannot listen at {host}, port {port}: no port has that number; try --port 0 for any")
        try:
            self.address_family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            super().__init__(address[:2], _Handler)  # type: ignore[arg-type]
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise BenchError(f"cannot listen at {host}, port {port}: {reason}; try --port 0 for any") from error

    @property
    def address(self) -> str:
        """As a browser takes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.server_port}/"

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client went away."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = _PATIENCE

    def do_GET(self) -> None:
        """Answer with the page."""
        status, text, kind = self._answer()
        self._send(status, text, kind)

    do_HEAD = do_GET  # noqa: N815 - as http.server has it

    def _answer(self) -> tuple[HTTPStatus, str, str]:
        """Status, text and kind of the answer."""
        if not is_allowed(self.headers.get_all("Host") or [], self.server.host):
            return HTTPStatus.MISDIRECTED_REQUEST, f"ask for {self.server.address}\n", "plain"
        if not self.path.startswith("/"):
            return HTTPStatus.BAD_REQUEST, "no path\n", "plain"
        try:
            asked = urlsplit(self.path)
            page = self.server.pages.answer(unquote(asked.path, errors="strict"), asked.query)
        except UnicodeError:
            return HTTPStatus.BAD_REQUEST, "no path\n", "plain"
        except BenchError as error:
            return HTTPStatus.INTERNAL_SERVER_ERROR, f"{error}\n", "plain"
        except Exception as error:  # ours to mend; the server goes on
            return HTTPStatus.INTERNAL_SERVER_ERROR, f"unforeseen error: {reason_of(error)}\n", "plain"
        return (HTTPStatus.OK, page, "html") if page else (HTTPStatus.NOT_FOUND, "there is no such page\n", "plain")

    def _send(self, status: HTTPStatus, text: str, kind: str) -> None:
        body = text.encode("utf-8", "replace")
        self.send_response(status)
        for name, value in {"Content-Type": f"text/{kind}; charset=utf-8", **_HEADERS}.items():
            self.send_header(name, value)
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request of ours, any method but the two included."""
        status = HTTPStatus(code)
        if status is HTTPStatus.NOT_IMPLEMENTED:
            status = HTTPStatus.METHOD_NOT_ALLOWED
        self.close_connection = True
        words = filter(None, (message or status.phrase, explain))
        self._send(status, f"{': '.join(words)}; reports can be read, and that is all\n", "plain")

    def version_string(self) -> str:
        """Of nobody's interest."""
        return "bench"

    def log_message(self, *_: object) -> None:
        """Nothing: only the command line prints."""
