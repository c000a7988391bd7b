"""A delivery fetched from a web server: its limits of size and time, and what it answers."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from oxo_scenarios.bench.places import fetch
from oxo_scenarios.bench.trouble import SubjectFailed

pytestmark = pytest.mark.process

Answer = Callable[[BaseHTTPRequestHandler], None]
LIMIT = 1000


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """Return a function that serves an answer and tells its URL, with a login in it."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Answer) -> str:
        class Once(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            def log_message(self, *_words: object) -> None:
                """Nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Once)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://me:hunter2@127.0.0.1:{server.server_address[1]}/t?key=hunter3"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def told(status: int, content: bytes = b"", *headers: tuple[str, str]) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers:
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


def test_what_is_there_is_read_and_what_is_not_there_yet_is_empty(
    serve: Callable[[Answer], str],
) -> None:
    assert fetch(serve(told(200, b"x" * LIMIT)), 20, LIMIT) == b"x" * LIMIT
    assert fetch(serve(told(404, b"no")), 20, LIMIT) == b""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (told(500), "was answered 500"),
        (told(302, b"", ("Location", "http://127.0.0.1:1/")), "was answered 302"),
        (told(200, b"x" * (LIMIT + 1)), f"has over {LIMIT} bytes"),
        (lambda request: request.connection.close(), "cannot be fetched"),
    ],
)
def test_what_cannot_be_read_is_the_subjects_and_shows_no_login(
    serve: Callable[[Answer], str], answer: Answer, words: str
) -> None:
    with pytest.raises(SubjectFailed) as caught:
        fetch(serve(answer), 20, LIMIT)
    assert words in str(caught.value)
    assert "hunter" not in str(caught.value)


def test_a_server_that_drips_is_left_at_the_limit(serve: Callable[[Answer], str]) -> None:
    """Each byte comes in time for a limit of a single read; only the whole takes too long."""
    over = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        while not over.wait(0.05):
            request.wfile.write(b"x")

    try:
        with pytest.raises(SubjectFailed, match=r"was not there whole within 0.5 s"):
            fetch(serve(drip), 0.5, LIMIT)
    finally:
        over.set()


def test_nobody_listens() -> None:
    with pytest.raises(SubjectFailed, match="cannot be fetched: ConnectionError"):
        fetch("http://127.0.0.1:1/", 20, LIMIT)
