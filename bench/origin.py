# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Where the bytes of bench/pull come from: files of random bytes, a real nginx, and a proxy that delays."""
import hashlib
import http.client
import json
import os
import socket
import subprocess
import time
from pathlib import Path

from measure import MIB, Failed, environment, say

RATE_LIMIT = 50_000_000  # bytes a second, as nginx's limit_rate has it
COMMIT = '0123456789abcdef0123456789abcdef01234567'  # what huggingface_hub is told

# nginx as it comes, but for the paths. One server for each kind of line. limit_rate waits after each piece but the last of a
# request, in whole milliseconds: pieces of 200 KiB take 4 ms, and requests of 1 MiB and of 64 MiB are limited alike.
NGINX_CONF = '''
worker_processes auto;
daemon off;
pid {scratch}/nginx.pid;
error_log {scratch}/error.log;
{user}
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  open_file_cache max=4096 inactive=1h;
  default_type application/octet-stream;
  map_hash_max_size 16384;
  map_hash_bucket_size 256;
  map $file $digest {{ include {scratch}/digests.conf; }}
  client_body_temp_path {scratch}/t1;
  proxy_temp_path {scratch}/t2;
  fastcgi_temp_path {scratch}/t3;
  uwsgi_temp_path {scratch}/t4;
  scgi_temp_path {scratch}/t5;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    include {scratch}/locations.conf;
  }}
  server {{
    listen 127.0.0.1:{limited_port} backlog=1024;
    limit_rate {rate};
    sendfile_max_chunk 200k;
    include {scratch}/locations.conf;
  }}
}}
'''
LOCATIONS = '''
location / { root FILES; }
location ~ ^/bench/[a-z]+/resolve/[^/]+/(?<file>.+)$ {
  alias FILES/$file;
  add_header X-Repo-Commit COMMIT;
  add_header X-Linked-ETag '"$digest"';
}
location /api/ { root SCRATCH; default_type application/json; }
'''


class File:
    """One file that the server has."""

    def __init__(self, name, size, sha256):
        self.name, self.size, self.sha256 = name, size, sha256


def _digest_of(path):
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def _write_random(path, size):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, 'wb') as file:
        for begin in range(0, size, 4 * MIB):
            file.write(os.urandom(min(4 * MIB, size - begin)))


def make_files(folder, sizes):
    """Files of random bytes; those of an earlier benchmark are used again. sizes: name → bytes."""
    known = folder / 'digests.json'
    digests = json.loads(known.read_text()) if known.exists() else {}
    missing = {name: size for name, size in sizes.items()
               if name not in digests or not (folder / name).exists() or (folder / name).stat().st_size != size}
    if missing:
        say(f'files: writing {len(missing)} files of random bytes, {sum(missing.values()) / MIB:.0f} MiB, into {folder}')
    for name, size in missing.items():
        _write_random(folder / name, size)
        digests[name] = _digest_of(folder / name)
    if missing:
        known.write_text(json.dumps(digests))
    return [File(name, size, digests[name]) for name, size in sizes.items()]


def warm(folder, files):
    """Reads the files, so that the server has them in memory."""
    for file in files:
        with open(folder / file.name, 'rb', buffering=0) as source:
            while source.read(4 * MIB):
                pass


def catalog_document(base, models):
    """The catalog for modelhub: models {name: [File]}, all files under the URL `base`."""
    return {'schema': 1, 'models': [{
        'name': name, 'task': 'detect', 'title': 'random bytes of bench/pull', 'license': 'CC0-1.0',
        'versions': [{'version': '1', 'variants': [{
            'id': 'raw', 'format': 'onnx', 'precision': 'float32',
            'files': [{'path': file.name, 'bytes': file.size, 'sha256': file.sha256, 'urls': [f'{base}/{file.name}']}
                      for file in files]}]}]} for name, files in models.items()]}


def write_hub_answers(scratch, repositories):
    """What huggingface_hub asks before it downloads a repository, as static files. repositories: name → [File]."""
    for name, files in repositories.items():
        answer = {'_id': '0' * 24, 'id': f'bench/{name}', 'modelId': f'bench/{name}', 'author': 'bench', 'sha': COMMIT,
                  'private': False, 'disabled': False, 'gated': False, 'downloads': 0, 'likes': 0, 'tags': [],
                  'createdAt': '2026-01-01T00:00:00.000Z', 'lastModified': '2026-01-01T00:00:00.000Z',
                  'siblings': [{'rfilename': file.name} for file in files]}
        for revision in ('main', COMMIT):
            path = scratch / 'api' / 'models' / 'bench' / name / 'revision' / revision
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(answer))
        tree = scratch / 'api' / 'models' / 'bench' / name / 'tree' / COMMIT
        tree.parent.mkdir(parents=True, exist_ok=True)
        tree.write_text(json.dumps([{'type': 'file', 'path': file.name, 'size': file.size, 'oid': file.sha256[:40],
                                     'lfs': {'oid': file.sha256, 'size': file.size, 'pointerSize': 134}} for file in files]))


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Nginx:
    """A real nginx with a configuration of its own, from start() to stop()."""

    def __init__(self, program, scratch, folder, files):
        self.program, self.scratch, self.folder, self.files = program, Path(scratch), Path(folder), files
        self.port, self.limited_port = free_port(), free_port()
        self.process = None

    def start(self):
        user = f'user {_user_name()};' if os.geteuid() == 0 else ''
        texts = {'nginx.conf': NGINX_CONF.format(scratch=self.scratch, port=self.port, limited_port=self.limited_port,
                                                 rate=RATE_LIMIT, user=user),
                 'locations.conf': LOCATIONS.replace('FILES', str(self.folder)).replace('SCRATCH', str(self.scratch))
                                            .replace('COMMIT', COMMIT),
                 'digests.conf': ''.join(f'{file.name} {file.sha256};\n' for file in self.files)}
        for name, text in texts.items():
            (self.scratch / name).write_text(text)
        argv = [self.program, '-p', str(self.scratch), '-e', str(self.scratch / 'error.log'), '-c',
                str(self.scratch / 'nginx.conf')]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, env=environment())
        deadline = time.monotonic() + 20
        while not (_answers(self.port) and _answers(self.limited_port)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f'nginx does not answer; {self.scratch / "error.log"} says:\n'
                             + (self.scratch / 'error.log').read_text()[-2000:])
            time.sleep(0.02)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20)


class DelayProxy:
    """bench/delay_proxy in front of a port."""

    def __init__(self, program, to, rtt_ms, window):
        if not Path(program).exists():
            raise Failed(f'{program} is not built\n  next: cmake --build with -DMODELHUB_BUILD_BENCHMARKS=ON, target delay_proxy')
        argv = [str(program), '--to', str(to), '--rtt-ms', str(rtt_ms), '--window', str(window)]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def _user_name():
    import pwd  # only where there is one
    return pwd.getpwuid(os.geteuid()).pw_name


def _answers(port):
    try:
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=5)
        connection.request('HEAD', '/')
        connection.getresponse()
        return True
    except OSError:
        return False
