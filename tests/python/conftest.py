# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Python package share: weights from a file:// mirror, and models that a test makes itself."""
import contextlib
import errno
import hashlib
import http.server
import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

import model_hub

SHARED = Path(os.environ["MODELHUB_TEST_SHARED"])
CATALOG = os.environ["MODELHUB_TEST_CATALOG"]
MIRROR = f"file://{SHARED / 'mirror'}"
IMAGES = SHARED / "images"
BUS = str(IMAGES / "bus.jpg")


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session", autouse=True)
def the_environment(home):
    """What get_model_hub() opens, here and in child processes."""
    for name in [name for name in os.environ if name.startswith("MODELHUB_") and not name.startswith("MODELHUB_TEST_")]:
        del os.environ[name]
    os.environ.update(MODELHUB_HOME=str(home), MODELHUB_CATALOG=CATALOG, MODELHUB_MIRRORS=MIRROR)


@pytest.fixture(scope="session")
def hub(the_environment):
    return model_hub.get_model_hub()


@pytest.fixture(scope="session")
def yolo(hub):
    return model_hub.Model("yolov8n", device="cpu")


@pytest.fixture
def own_hub(tmp_path):
    """A hub with an empty home of its own."""
    with model_hub.ModelHub(tmp_path / "home", catalogs=[CATALOG], mirrors=[MIRROR]) as opened:
        yield opened


@pytest.fixture
def in_child(the_environment):
    """Runs a program in a process of its own and returns it when it has ended well."""

    def run(program, *arguments, code=0, timeout=60, **environment):
        done = subprocess.run([sys.executable, "-X", "dev", "-c", textwrap.dedent(program), *map(str, arguments)],
                              capture_output=True, text=True, timeout=timeout, env={**os.environ, **environment})
        assert done.returncode == code, f"ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


class Server:
    """Serves files under /sha256/DIGEST; one can be made to stop in the middle until it is let go on."""

    def __init__(self):
        server = self
        self.files = {}
        self.gate = threading.Event()
        self.gate.set()
        self.is_asked = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                content = server.files.get(self.path.partition("?")[0])
                if content is None:
                    self.send_error(404)
                    return
                begin, end = 0, len(content)
                given = self.headers.get("Range")
                if given:
                    first, last = given.partition("=")[2].split("-")
                    begin, end = int(first), min(int(last or end - 1) + 1, end)
                    self.send_response(206)
                    self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(content)}")
                else:
                    self.send_response(200)
                self.send_header("Content-Length", str(end - begin))
                self.end_headers()
                half = (begin + end) // 2
                try:
                    self.wfile.write(content[begin:half])
                    self.wfile.flush()
                    server.is_asked.set()
                    server.gate.wait(60)
                    self.wfile.write(content[half:end])
                except ConnectionError:
                    pass  # whoever asked has gone

            def log_message(self, *args):
                pass

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def close(self):
        self.gate.set()
        self._http.shutdown()
        self._http.server_close()


class Toy:
    """A classifier of three classes (ant, bee, cow) that runs on the scripted engine of modelhub's tests."""

    def __init__(self, folder, server, script="", variant=None):
        text = ("scripted 1\ninput x float32 1 3 4 4\noutput y float32 1 3 = constant 0.1 0.7 0.2\n" + script).encode()
        digest = hashlib.sha256(text).hexdigest()
        server.files[f"/sha256/{digest}"] = text
        self.server = server
        self.content = text
        document = {"schema": 1, "models": [{
            "name": "toy", "task": "classify", "title": "A toy", "license": "MIT", "default_version": "1",
            "versions": [{"version": "1", "variants": [{
                "id": "plain", "format": "scripted", "precision": "float32", "engines": ["scripted"],
                "files": [{"path": "toy.txt", "role": "graph", "bytes": len(text), "sha256": digest, "urls": []}],
                "recipe": {"inputs": [{"name": "x", "size": [4, 4]}], "outputs": [{"name": "y", "role": "scores"}],
                           "decode": {"kind": "probabilities"}, "labels": ["ant", "bee", "cow"]}, **(variant or {})}]}]}]}
        self.catalog = folder / "toy.json"
        self.catalog.write_text(json.dumps(document))
        self.options = {"home": str(folder / "toys"), "catalogs": [str(self.catalog)], "mirrors": [server.url],
                        "engine_path": [os.environ["MODELHUB_TEST_ENGINES"], os.environ["MODELHUB_TEST_VIDEOS"]]}

    def hub(self):
        return model_hub.ModelHub(**self.options)


@pytest.fixture
def server():
    running = Server()
    yield running
    running.close()


@pytest.fixture
def toy(tmp_path, server):
    return lambda script="", **more: Toy(tmp_path, server, script, **more)


class Gate:
    """Where a toy's run waits, with `run_waits PATH` in its script."""

    def __init__(self, path):
        os.mkfifo(path)
        self.path = path

    @contextlib.contextmanager
    def holding_a_run(self):
        """Waits until there is a run; it goes on at the end of the block, however that ends."""
        deadline = time.monotonic() + 30
        end = None
        while end is None:
            try:
                end = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO or time.monotonic() > deadline:
                    raise
                time.sleep(0.002)
        try:
            yield
        finally:
            os.close(end)


@pytest.fixture
def gate(tmp_path):
    return Gate(tmp_path / "gate")
