# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the two caches of bench/store: as many models in a home of modelhub and in a cache of huggingface_hub. Each model
has two small files, whose content differs from model to model."""
import hashlib
import json
import os
import random

FILES = (('model.onnx', 'graph'), ('labels.txt', 'labels'))
CATALOGUED = 1  # so many of them are in the home's own catalog; the others are installed and nothing more
DAY_S = 86400
NOW_S = 1_795_000_000  # of the use stamps: any day will do


def content_of(number, path):
    return f'{number} {path}\n'.encode() * 3


def model_name(number):
    return f'bench_{number:05}'


def model_key(name, version, variant, files):
    """docs/formats/store.md, "The key of a model"."""
    lines = [f'{file["sha256"]}  {file["path"]}' for file in sorted(files, key=lambda file: file['path'])]
    return hashlib.sha256('\n'.join(['modelhub-model-key 1', name, version, variant, *lines, '']).encode()).hexdigest()


def write(path, data, mode=0o644):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    os.write(descriptor, data)
    os.close(descriptor)


def add_model(home, number, chance):
    name, files = model_name(number), []
    for path, role in FILES:
        data = content_of(number, path)
        digest = hashlib.sha256(data).hexdigest()
        blob = home / 'blobs' / 'sha256' / digest
        write(blob, data, 0o444)
        stat = os.stat(blob)
        record = {'schema': 1, 'bytes': len(data), 'chunk_bytes': 4 << 20, 'chunks': [],
                  'stamp': {'inode': stat.st_ino, 'bytes': len(data), 'mtime_ns': stat.st_mtime_ns}}
        write(home / 'chunks' / f'{digest}.json', json.dumps(record, separators=(',', ':')).encode())
        files.append({'path': path, 'role': role, 'bytes': len(data), 'sha256': digest})
    key = model_key(name, '1', 'raw', files)
    manifest = {'schema': 1, 'name': name, 'version': '1', 'variant': 'raw', 'task': 'classify', 'license': 'CC0-1.0',
                'format': 'onnx', 'key': key, 'files': files, 'sources': [f'https://example.org/{name}'],
                'installed_at': '2026-11-23T05:00:00Z'}
    write(home / 'models' / f'{name}@1@raw.json', json.dumps(manifest, indent=2).encode() + b'\n')
    write(home / 'use' / key, b'')
    used = NOW_S - chance.randrange(300 * DAY_S)
    os.utime(home / 'use' / key, (used, used))
    return name, files


def catalog_entry(name, files):
    return {'name': name, 'task': 'classify', 'title': 'a model of bench/store', 'license': 'CC0-1.0', 'versions': [
        {'version': '1', 'variants': [{'id': 'raw', 'format': 'onnx', 'precision': 'float32', 'files': [
            {**file, 'urls': [f'https://example.org/{name}/{file["path"]}']} for file in files]}]}]}


def make_home(home, count):
    """Returns the reference of a model that the catalog and the home have."""
    chance = random.Random(1)
    for folder in ('blobs/sha256', 'chunks', 'models', 'views', 'use', 'staging', 'derived', 'catalog.d'):
        (home / folder).mkdir(parents=True)
    write(home / 'format', b'modelhub-store 1\n')
    models = [add_model(home, number, chance) for number in range(count)]
    entries = [catalog_entry(*model) for model in models[:CATALOGUED]]
    write(home / 'catalog.d' / 'bench.json', json.dumps({'schema': 1, 'models': entries}).encode())
    return f'{models[0][0]}@1:raw'


def make_huggingface_cache(cache, count):
    for number in range(count):
        repository = cache / f'models--bench--{model_name(number)}'
        commit = hashlib.sha1(str(number).encode()).hexdigest()
        snapshot = repository / 'snapshots' / commit
        for folder in (repository / 'blobs', repository / 'refs', snapshot):
            folder.mkdir(parents=True)
        write(repository / 'refs' / 'main', commit.encode())
        for path, _ in FILES:
            data = content_of(number, path)
            digest = hashlib.sha256(data).hexdigest()
            write(repository / 'blobs' / digest, data)
            os.symlink(f'../../blobs/{digest}', snapshot / path)
