# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Runs programs, in shuffled rounds, and says how long they took: what bench/pull and bench/store share."""
import itertools
import os
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

MIB = 1 << 20
STEP_TIMEOUT_S = 900


class Failed(Exception):
    """Something that stops the measurement; the text says what to do next."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def environment(**more):
    """Ours, without what would lead a program elsewhere than to the server of this benchmark."""
    kept = {name: value for name, value in os.environ.items()
            if not name.lower().endswith('_proxy') and not name.startswith(('MODELHUB_', 'HF_', 'HUGGING'))}
    return {**kept, 'no_proxy': '*', 'LC_ALL': 'C', **more}


class Step:
    """One process of a run. `label` names what it is for: transfer, hash, sync."""

    def __init__(self, label, argv, expect='', env=None, cwd=None):
        self.label, self.argv, self.expect, self.env, self.cwd = label, [str(a) for a in argv], expect, env, cwd


class Measured:
    """What one run cost: seconds by step, CPU seconds and peak memory of its processes."""

    def __init__(self):
        self.seconds, self.cpu_s, self.peak_kib = {}, 0.0, 0

    def total(self, without=()):
        return sum(seconds for label, seconds in self.seconds.items() if label not in without)

    def as_json(self):
        return {'seconds': self.seconds, 'cpu_s': round(self.cpu_s, 3), 'peak_kib': self.peak_kib}


def wait_for(process, name):
    """Its exit status. Not by wait(timeout=...), which only looks every 50 ms."""
    is_late = threading.Event()

    def end_it():
        is_late.set()
        process.kill()

    watchdog = threading.Timer(STEP_TIMEOUT_S, end_it)
    watchdog.daemon = True
    watchdog.start()
    try:
        code = process.wait()
    except BaseException:  # Ctrl-C: what is removed next must not be written any more
        process.kill()
        process.wait()
        raise
    finally:
        watchdog.cancel()
    if is_late.is_set():
        raise Failed(f'{name} has not ended after {STEP_TIMEOUT_S} s')
    return code


def run_steps(steps, folder):
    """Runs them one after the other. GNU time is the parent of each: a process that Python itself forks would be
    charged for Python's memory."""
    measured = Measured()
    for step in steps:
        usage, output = folder / 'usage', folder / 'output'
        argv = ['/usr/bin/time', '-q', '-o', str(usage), '-f', '%U %S %M', *step.argv]
        with open(output, 'wb') as sink:
            begin = time.monotonic()
            code = wait_for(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, cwd=step.cwd,
                                             env=step.env or environment()), step.argv[0])
            seconds = time.monotonic() - begin
        text = output.read_text(errors='replace')
        if code != 0 or step.expect not in text:
            why = f'ended with {code}' if code else f'did not say "{step.expect}"'
            raise Failed(f'{step.label} {why}: {" ".join(step.argv)[:400]}\n{text[-2000:]}')
        user, system, peak = usage.read_text().split()
        measured.seconds[step.label] = measured.seconds.get(step.label, 0) + seconds
        measured.cpu_s += float(user) + float(system)
        measured.peak_kib = max(measured.peak_kib, int(peak))
    return measured


class Contender:
    """One way to do the work. `steps(folder)` gives the processes of a run in a fresh folder; `check(folder)` looks at
    the result, off the clock."""

    def __init__(self, name, steps, check=None, verifies=True, is_ours=False, note=''):
        self.name, self.steps, self.check = name, steps, check or (lambda folder: None)
        self.verifies, self.is_ours, self.note = verifies, is_ours, note
        self.runs = []


def settle(folder):
    """What an earlier run left to be written must not be paid by the next one."""
    subprocess.run(['sync', '-f', str(folder)], check=True)


def run_rounds(contenders, rounds, scratch, seed, progress, keeps_folders=False):
    """All contenders in each round, shuffled; round 0 warms up, checks the results and is not counted. What many small
    files leave is removed at the end: for minutes ext4 passes over the inodes of removed files one by one, and the next
    run would pay for that."""
    shuffle = random.Random(seed)
    folders = (scratch / f'run{n}' for n in itertools.count())
    for number in range(rounds + 1):
        order = list(contenders)
        shuffle.shuffle(order)
        for contender in order:
            folder = next(folders)
            (folder / 'home').mkdir(parents=True)
            settle(scratch)
            measured = run_steps(contender.steps(folder / 'home'), folder)
            contender.check(folder / 'home')
            if number > 0:
                contender.runs.append(measured)
            if not keeps_folders:
                shutil.rmtree(folder)
        progress(number)
    for folder in scratch.glob('run*'):
        shutil.rmtree(folder)


def median_of(runs, without=()):
    return statistics.median(run.total(without) for run in runs)


def summary(contender, without=()):
    totals = [run.total(without) for run in contender.runs]
    labels = list(contender.runs[0].seconds)
    return {
        'name': contender.name,
        'verifies': contender.verifies,
        'note': contender.note,
        'median_s': round(statistics.median(totals), 4),
        'min_s': round(min(totals), 4),
        'max_s': round(max(totals), 4),
        'steps_median_s': {label: round(statistics.median(r.seconds[label] for r in contender.runs), 4) for label in labels},
        'cpu_median_s': round(statistics.median(run.cpu_s for run in contender.runs), 3),
        'peak_mb': round(max(run.peak_kib for run in contender.runs) * 1024 / 1e6, 1),
        'runs': [run.as_json() for run in contender.runs],
    }


def table(rows, header):
    """Columns: the first to the left, the others to the right."""
    rows = [header, *rows]
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(header))]
    lines = []
    for row in rows:
        cells = [str(row[0]).ljust(widths[0])] + [str(cell).rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append('  ' + '  '.join(cells).rstrip())
    return '\n'.join(lines)


def machine():
    """What the numbers depend on, as one line."""
    model = next((line.split(':')[1].strip() for line in Path('/proc/cpuinfo').read_text().splitlines()
                  if line.startswith('model name')), 'unknown processor')
    load = os.getloadavg()[0]
    return f'{os.cpu_count()} x {model}, Linux {os.uname().release}, load {load:.1f} at the start'
