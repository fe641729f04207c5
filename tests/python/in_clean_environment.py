#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Installs the package into a new virtual environment as the README says, and runs pytest against it.

Nothing is fetched: all wheels are those of scripts/setup. Nothing is compiled: pip packs what the build has made.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent


def run(*command, **options):
    print("+", *command, flush=True)
    subprocess.run([str(part) for part in command], check=True, **options)


def line_of_readme(what):
    """The command of the README that does it, word for word."""
    lines = re.findall(rf"^    (.*{re.escape(what)}.*)$", (PROJECT / "README.md").read_text(encoding="utf-8"), re.M)
    if len(lines) != 1:
        raise SystemExit(f"README.md must have one line with {what!r}, and has {len(lines)}")
    return re.sub(r"\s+#.*", "", lines[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--wheels", type=Path, required=True)
    parser.add_argument("pytest", nargs="*")
    arguments = parser.parse_args()
    shutil.rmtree(arguments.work, ignore_errors=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PIP_", "VIRTUAL_ENV"))}
    environment.update(
        PATH=f"{arguments.work / 'venv/bin'}:{environment['PATH']}",
        PIP_CONFIG_FILE=os.devnull, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(arguments.wheels), PIP_NO_CACHE_DIR="1",
        PIP_NO_COMPILE="1", PIP_DISABLE_PIP_VERSION_CHECK="1",
        # A folder of its own: pip keeps what it has been told here.
        SKBUILD_BUILD_DIR=str(arguments.work / "build"), CMAKE_ARGS=f"-DMODELHUB_PYTHON_FROM={arguments.build}",
        PYTHONDONTWRITEBYTECODE="1")
    run(sys.executable, "-m", "venv", arguments.work / "venv")
    # The README's lines, as they stand there.
    run("bash", "-ec", line_of_readme("pip install '.[onnxruntime]'"), cwd=PROJECT, env=environment)
    run("pip", "install", "--quiet", "pytest", "supervision", "pillow", "tqdm", "mypy", env=environment)
    # Away from the source tree, which pip must not be able to hide a fault of the wheel with.
    elsewhere = arguments.work / "elsewhere"
    shutil.copytree(HERE, elsewhere / "tests")
    shutil.copy(PROJECT / "tests/catalog/offline.json", elsewhere)
    environment.update(
        MODELHUB_TEST_CATALOG=str(elsewhere / "offline.json"), MODELHUB_TEST_README=line_of_readme("python -c"),
        MODELHUB_TEST_SHARED=str(Path(environment["MODELHUB_TEST_SHARED"]).resolve()))
    run("python", "-X", "faulthandler", "-m", "pytest", "-p", "no:cacheprovider", "-v", "--durations=8", "tests",
        *arguments.pytest, cwd=elsewhere, env=environment)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"failed ({error.returncode}): {error.cmd}")
