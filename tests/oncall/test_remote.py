"""The client of `--server`: what it says where the other side is not as it should be."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from techrun import __version__
from techrun.app.remote import RemoteOperations, ServerError
from techrun.errors import CannotTellError, UsageError
from techrun.oncall import Chosen, UnknownError

TOKEN = "operate-token-0123456789"


@pytest.fixture
def server():
    """Answers everything as the test says, and notes what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, dict(self.headers)))
            status, headers, body = answers[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    seen, answers = [], []
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    listening.seen, listening.answers = seen, answers
    listening.url = f"http://127.0.0.1:{listening.server_port}"
    yield listening
    listening.shutdown()
    thread.join()
    listening.server_close()


def asked(url, token=TOKEN, **more):
    return RemoteOperations(url, token, **more).status(Chosen())


OURS = {"Techrun-Version": __version__}
FAULT = json.dumps({"error": "what", "hint": "do"}).encode()


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        pytest.param((401, OURS, FAULT), UsageError, "does not know this token; set TECHRUN_TOKEN", id="401"),
        pytest.param((403, OURS, FAULT), UsageError, "what; do", id="403"),
        pytest.param((404, OURS, FAULT), UnknownError, "what; do", id="404"),
        pytest.param((400, OURS, FAULT), UsageError, "what; do", id="400"),
        pytest.param((503, OURS, FAULT), CannotTellError, "what; do", id="503"),
        pytest.param((500, OURS, FAULT), ServerError, "what; do", id="500"),
        pytest.param(
            (404, {}, b"<html>"),
            ServerError,
            "does not answer as techrun does: it answered 404",
            id="another program",
        ),
        pytest.param((200, {}, b"<html>login"), ServerError, "does not answer as techrun does", id="a page"),
        pytest.param(
            (200, {}, b'{"checks": 1}'), ServerError, "does not answer as techrun does", id="other JSON"
        ),
        pytest.param(
            (200, OURS, b'{"checks": 1}'), ServerError, "its answer is not understood", id="wrong form"
        ),
        pytest.param(
            (200, {"Techrun-Version": "9.9.9"}, b'{"checks": 1}'),
            ServerError,
            "it is techrun 9.9.9",
            id="another version",
        ),
        pytest.param((502, {}, b"Bad gateway"), ServerError, "502", id="a proxy"),
        pytest.param((400, OURS, b'["error"]'), ServerError, "400", id="an error of another form"),
    ],
)
def test_each_answer_that_is_none_is_told_in_its_own_words(server, answer, error, text):
    server.answers.append(answer)
    with pytest.raises(error) as told:
        asked(server.url)
    assert type(told.value) is error
    assert text in str(told.value)
    assert TOKEN not in str(told.value)


def test_a_redirect_is_not_followed_so_that_no_other_server_sees_the_token(server):
    server.answers.append((302, {"Location": f"{server.url}/login"}, b""))
    with pytest.raises(ServerError, match="302"):
        asked(server.url)
    assert len(server.seen) == 1


def test_the_token_goes_into_the_header_alone(server):
    server.answers.append((500, OURS, FAULT))
    with pytest.raises(ServerError):
        asked(server.url + "/techrun/")
    ((path, headers),) = server.seen
    assert (path, headers["Authorization"]) == ("/techrun/api/v1/status", f"Bearer {TOKEN}")


def test_nobody_there_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(CannotTellError, match=r"cannot reach http://127.0.0.1:\d+: .*refused"):
            asked(f"http://127.0.0.1:{taken.getsockname()[1]}")


@pytest.mark.parametrize(
    "greeting", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"], ids=["silent", "in the middle"]
)
def test_one_that_hangs_is_given_up(greeting):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang():
            connection, _ = listening.accept()
            connection.sendall(greeting)
            over.wait()
            connection.close()

        over = threading.Event()
        thread = threading.Thread(target=hang)
        thread.start()
        try:
            with pytest.raises(CannotTellError, match=r"did not answer within 0.2 s"):
                asked(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=0.2)
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize("rubbish", [b"", b"SSH-2.0-OpenSSH\r\n"], ids=["hangs up", "another protocol"])
def test_one_that_speaks_no_http_is_told(rubbish):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            connection, _ = listening.accept()
            connection.recv(65536)
            connection.sendall(rubbish)
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(CannotTellError, match="cannot reach"):
            asked(f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread.join()


@pytest.mark.parametrize(
    ("server_name", "token", "text"),
    [
        ("ftp://x", TOKEN, "is no address"),
        ("https://", TOKEN, "is no address"),
        ("http://x:port", TOKEN, "is no address"),
        ("http://dee:pw@x", TOKEN, "is no address"),
        ("https://x", "", "set TECHRUN_TOKEN"),
        ("https://x", " \n", "set TECHRUN_TOKEN"),
        ("https://x", "a\r\nHost: y", "characters that no token has"),
        ("https://x", "tökenöööööööööööö", "characters that no token has"),
    ],
)
def test_wrong_use_is_told_before_anything_is_sent(server_name, token, text):
    with pytest.raises(UsageError, match=text):
        RemoteOperations(server_name, token)


def test_a_token_in_plain_text_to_another_machine_is_warned_of(caplog):
    RemoteOperations("http://techrun.example", TOKEN)
    assert "plain text" in caplog.text
    caplog.clear()
    RemoteOperations("127.0.0.1:9789", TOKEN)
    RemoteOperations("https://techrun.example", TOKEN)
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("environment", "code", "text"),
    [
        (
            {"TECHRUN_SERVER": "http://127.0.0.1:1", "TECHRUN_TOKEN": TOKEN},
            4,
            "cannot reach http://127.0.0.1:1",
        ),
        ({"TECHRUN_SERVER": "http://127.0.0.1:1"}, 2, "set TECHRUN_TOKEN"),
    ],
    ids=["nobody there", "no token"],
)
def test_the_command_line_says_it_in_one_line_without_a_traceback(tmp_path, environment, code, text):
    done = subprocess.run(
        [sys.executable, "-m", "techrun", "status"],
        env={"PATH": "/usr/bin", **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert text in done.stderr
    assert done.stderr.count("\n") == 1
    assert TOKEN not in done.stderr
