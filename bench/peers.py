# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""The programs that modelhub is measured against: finds them, installs what is missing, says which versions they are."""
import os
import shutil
import subprocess

from measure import Failed, environment, say

# program → package of Debian and its relatives
PACKAGES = {'curl': 'curl', 'aria2c': 'aria2', 'openssl': 'openssl', 'nginx': 'nginx-light', 'time': 'time',
            'tesseract': 'tesseract-ocr'}
OF_TRANSFERS = ('curl', 'aria2c', 'openssl', 'nginx', 'time')
VERSION_ARGUMENT = {'openssl': 'version', 'nginx': '-v'}
SEARCHED = os.environ.get('PATH', '') + ':/usr/local/sbin:/usr/sbin:/sbin'


def find(program):
    return shutil.which(program, path=SEARCHED)


def install_packages(missing, log):
    packages = [PACKAGES[program] for program in missing]
    root = [] if os.geteuid() == 0 else ['sudo', '-n']
    by_hand = f'sudo apt-get install --no-install-recommends {" ".join(packages)}'
    if not shutil.which('apt-get') or (root and subprocess.run([*root, 'true'], capture_output=True, check=False).returncode):
        raise Failed(f'{", ".join(missing)} missing, and not allowed to install\n  next: {by_hand}')
    remark = ' (nginx may start a service of its own; the benchmark does not use it)' if 'nginx' in missing else ''
    say(f'peers: installing {" ".join(packages)}{remark}')
    command = [*root, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', '-o', 'DPkg::Lock::Timeout=300']
    install = [*command, 'install', '--no-install-recommends', *packages]
    with open(log, 'ab') as output:
        for argv in (install, [*command, 'update'], install):  # the lists of packages may be old
            code = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False).returncode
            if code == 0 and argv is install:
                return
    raise Failed(f'apt-get failed; its output is in {log}\n  next: {by_hand}')


def ensure_programs(log, programs=OF_TRANSFERS):
    """program → path, all of them there."""
    missing = [program for program in programs if not find(program)]
    if missing:
        install_packages(missing, log)
    still = [program for program in programs if not find(program)]
    if still:
        raise Failed(f'{", ".join(still)} cannot be found although the packages are installed')
    return {program: find(program) for program in programs}


def ensure_python(folder, packages, imports, leave_out, log):
    """The Python of a virtual environment that has the packages, the newest of the day it was made."""
    python = folder / 'bin' / 'python'
    works = [str(python), '-c', f'import {imports}']
    if python.exists() and subprocess.run(works, capture_output=True, check=False).returncode == 0:
        return python
    say(f'peers: installing {" ".join(packages)} (newest) from PyPI into {folder}')
    shutil.rmtree(folder, ignore_errors=True)
    with open(log, 'ab') as output:
        for argv in (['/usr/bin/env', 'python3', '-m', 'venv', str(folder)],
                     [str(python), '-m', 'pip', 'install', '--no-input', '--upgrade', *packages], works):
            if subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False).returncode:
                raise Failed(f'"{" ".join(argv)}" failed; its output is in {log}\n'
                             f'  next: mend what it says (python3-venv? the network?), or leave it out with --without {leave_out}')
    return python


def ensure_huggingface(build, log):
    return ensure_python(build / 'venv', ['huggingface_hub'], 'huggingface_hub', 'hf', log)


def ensure_onnxruntime(build, log):
    packages = ['onnxruntime', 'opencv-python-headless', 'pillow', 'numpy']
    return ensure_python(build / 'venv-onnxruntime', packages, 'onnxruntime, cv2, PIL', 'onnxruntime', log)


def ensure_ultralytics(build, log):
    """With PyTorch, which takes gigabytes unless pip is told of an index that has it for the processor only."""
    packages = ['ultralytics', 'onnx', 'onnxruntime']
    return ensure_python(build / 'venv-ultralytics', packages, 'ultralytics, onnx, onnxruntime', 'ultralytics', log)


def version_of(program, path):
    argv = [path, VERSION_ARGUMENT.get(program, '--version')]
    done = subprocess.run(argv, capture_output=True, text=True, env=environment(), check=False)
    return (done.stdout + done.stderr).strip().split('\n')[0]


def versions(programs, huggingface_python):
    found = {program: version_of(program, path) for program, path in programs.items() if program != 'time'}
    if huggingface_python:
        code = 'import huggingface_hub, platform; print(huggingface_hub.__version__, "on Python", platform.python_version())'
        done = subprocess.run([str(huggingface_python), '-c', code], capture_output=True, text=True, check=True)
        found['huggingface_hub'] = done.stdout.strip()
    return found
