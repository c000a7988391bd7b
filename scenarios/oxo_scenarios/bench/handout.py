"""The certificate of the exchange's authority, to be fetched from another machine.

Plain HTTP: the file is public, and who fetches it compares its fingerprint with the one on the
operator's terminal. One file, GET and HEAD, nothing else.
"""

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from oxo_scenarios.bench.mortal import signals_to_main_thread
from oxo_scenarios.bench.trouble import UsageWrong

PATH = "/ca.pem"
REQUEST_SECONDS_MAX = 10.0


class Handout:
    """Serves one file on a free port of an address; use it as a context manager."""

    def __init__(self, address: str, content: bytes) -> None:
        """Serve `content` at `PATH`."""
        self._address = address
        self._content = content
        self._server: ThreadingHTTPServer

    def __enter__(self) -> Self:
        """Listen.

        Raises:
            UsageWrong: not on this address.
        """
        content = self._content

        class OneFile(BaseHTTPRequestHandler):
            timeout = REQUEST_SECONDS_MAX

            def do_GET(self) -> None:
                here = self.path == PATH
                self.send_response(HTTPStatus.OK if here else HTTPStatus.NOT_FOUND)
                self.send_header("Content-Type", "application/x-pem-file")
                self.send_header("Content-Length", str(len(content) if here else 0))
                self.end_headers()
                if here:
                    self.wfile.write(content)

            def log_message(self, *_words: object) -> None:
                """Say nothing on the operator's terminal."""

        try:
            self._server = ThreadingHTTPServer((self._address, 0), OneFile)
        except OSError as error:
            raise UsageWrong(f"--listen {self._address}: {error.strerror}") from error
        self._server.daemon_threads = True
        with signals_to_main_thread():
            threading.Thread(target=self._server.serve_forever, name="handout", daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where the file is fetched."""
        return f"http://{self._address}:{self._server.server_address[1]}{PATH}"
