#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the catalog: every document against catalog/schema.json, and what a schema cannot say.

usage: lint.py CATALOG_FOLDER [LAYER.json...]
"""
import json
import pathlib
import re
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: the Python module jsonschema is not installed (python3-jsonschema)")
    sys.exit(77)

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
# TensorFlow's own archive is published over http only; the digest makes it safe.
PLAIN_HTTP = {"http://download.tensorflow.org/"}
EXECUTABLE = {"pt", "pth", "pickle", "pkl", "ckpt", "joblib"}

problems = []


def problem(where, what):
    problems.append(f"{where}: {what}")


def fold(name):
    return re.sub(r"[-_. ]", "", name).lower()


def refuse_twice(pairs):
    names = [name for name, _ in pairs]
    for name in set(names):
        if names.count(name) > 1:
            raise ValueError(f'the key "{name}" stands twice in one object')
    return dict(pairs)


def check_file(where, file, is_built_in, is_explained=False):
    for digest in [file["sha256"]] + ([file["unpack"]["sha256"]] if "unpack" in file else []):
        if digest != digest.lower() or digest.startswith("sha256:"):
            problem(where, f"write the digest as 64 lower-case digits: {digest}")
        if digest == EMPTY:
            problem(where, "the digest is that of an empty file")
    if not is_built_in:
        return
    if not file.get("urls") and not is_explained:
        problem(where, "a built-in file needs a URL, or its variant a note that says why there is none")
    for url in file.get("urls", []):
        if not url.startswith("https://") and not any(url.startswith(base) for base in PLAIN_HTTP):
            problem(where, f"not https: {url}")


def check_variant(where, variant, labels, is_built_in):
    for file in variant["files"]:
        check_file(f"{where} {file['path']}", file, is_built_in, "note" in variant)
        if is_built_in and ("attestation" not in file or ("url_origin" not in file and file["urls"])):
            problem(f"{where} {file['path']}", "does not say how well it is attested")
    if "golden" in variant:
        check_file(f"{where} golden", variant["golden"]["image"], is_built_in)
    if variant["format"] in EXECUTABLE:
        if "recipe" in variant:
            problem(where, "a format that is never loaded needs no recipe")
        if "export" not in variant:
            problem(where, "say with \"export\" how a file that can be loaded is made from it")
    elif "recipe" not in variant and "note" not in variant:
        problem(where, "say in \"note\" why there is no recipe")
    list_name = variant.get("recipe", {}).get("labels", [])
    if isinstance(list_name, str) and list_name not in labels:
        problem(where, f"there is no list of labels named {list_name}")


def check_model(where, model, labels, is_built_in):
    if is_built_in:
        for key in ("task", "title", "license", "homepage", "default_version", "versions"):
            if not model.get(key):
                problem(where, f'a built-in model needs "{key}"')
    versions = [version["version"] for version in model.get("versions", [])]
    if len(set(map(str.lower, versions))) != len(versions):
        problem(where, "a version stands twice")
    if versions and model.get("default_version", versions[0]) not in versions:
        problem(where, f"default_version {model['default_version']} is none of {versions}")
    for version in model.get("versions", []):
        ids = [variant["id"] for variant in version["variants"]]
        if len(set(ids)) != len(ids):
            problem(f"{where}@{version['version']}", "a variant stands twice")
        if version.get("default_variant", ids[0]) not in ids:
            problem(f"{where}@{version['version']}", "default_variant is none of its variants")
        for variant in version["variants"]:
            check_variant(f"{where}@{version['version']}:{variant['id']}", variant, labels, is_built_in)


def check_sizes(documents):
    """One digest is one file: wherever it stands, its size is the same."""
    sizes = {}

    def walk(value, where):
        if isinstance(value, dict):
            if "sha256" in value and sizes.setdefault(value["sha256"], value["bytes"]) != value["bytes"]:
                problem(where, f"{value['sha256']} has another size elsewhere")
            for child in value.values():
                walk(child, where)
        elif isinstance(value, list):
            for child in value:
                walk(child, where)

    for path, document in documents:
        walk(document, path.name)


def check_spellings(models):
    owners = {}
    for where, model in models:
        for name in [model["name"]] + model.get("aliases", []):
            other = owners.setdefault(fold(name), model["name"])
            if other != model["name"]:
                problem(where, f"'{name}' is understood as {other} already")
    names = {model["name"] for _, model in models}
    for where, model in models:
        for other in model.get("alternatives", []):
            if other not in names:
                problem(where, f"the alternative {other} does not exist")


def main(folder, layers):
    folder = pathlib.Path(folder)
    schema = json.loads((folder / "schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    labels = {path.stem for path in (folder / "labels").glob("*.txt")}
    built_in = sorted(path for path in folder.glob("*.json") if path.name != "schema.json")
    documents, models = [], []
    for path in built_in + [pathlib.Path(layer) for layer in layers]:
        try:
            document = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=refuse_twice)
        except ValueError as error:
            problem(path.name, error)
            continue
        errors = list(validator.iter_errors(document))
        for error in errors:
            problem(path.name, f"{error.json_path}: {error.message[:200]}")
        if errors:
            continue
        documents.append((path, document))
        for model in document["models"]:
            where = f"{path.name} {model['name']}"
            check_model(where, model, labels, path in built_in)
            if path in built_in:
                models.append((where, model))
    check_spellings(models)
    check_sizes(documents)
    for line in problems:
        print(line)
    print(f"{len(documents)} documents, {len(models)} built-in models, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
