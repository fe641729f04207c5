# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that load a model once and then work when they are asked to, by turns: bench/inference/talk.h says how they talk."""
import json
import random
import statistics
import subprocess
import time
from pathlib import Path

from measure import Failed, environment

IDLE_SHARE = 0.02     # of a core: what a process may use that counts as idle
IDLE_PAUSE_S = 0.02
IDLE_PATIENCE_S = 10  # threads of ONNX Runtime may spin for a second after a call


class Talker:
    """One process. `about` and `answer` are what it said when it had loaded."""

    def __init__(self, argv, log, env=None):
        self.argv = [str(argument) for argument in argv]
        self.log = log
        self.errors = open(log, 'wb')  # closed by stop()
        self.process = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
                                        env=env or environment())
        ready = self.hear()
        self.about, self.answer = ready['about'], ready['answer']

    def hear(self):
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        code = self.process.wait()
        said = Path(self.log).read_text(errors='replace')
        raise Failed(f'{" ".join(self.argv)[:400]} ended with {code}\n{said[-2000:]}')

    def take_turn(self, kind, calls):
        """The times of `calls` calls, each a dictionary of milliseconds by step."""
        self.process.stdin.write(f'{kind} {calls}\n')
        self.process.stdin.flush()
        return self.hear()

    def used_s(self):
        """CPU seconds of all its threads."""
        nanoseconds = 0
        for path in Path(f'/proc/{self.process.pid}/task').glob('*/schedstat'):
            try:
                nanoseconds += int(path.read_text().split()[0])
            except OSError:
                continue  # the thread has ended
        return nanoseconds / 1e9

    def wait_until_idle(self):
        """Threads that spin after a call would take a core from whoever comes next."""
        deadline = time.monotonic() + IDLE_PATIENCE_S
        begin, used = time.monotonic(), self.used_s()
        while time.monotonic() < deadline:
            time.sleep(IDLE_PAUSE_S)
            now, now_used = time.monotonic(), self.used_s()
            if now_used - used <= IDLE_SHARE * (now - begin):
                return
            begin, used = now, now_used
        raise Failed(f'{" ".join(self.argv)[:400]} does not come to rest')

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()


class Entrant:
    """One way to do the work: a kind of call of a talker. `turns` has the times of each round."""

    def __init__(self, key, name, talker, kind):
        self.key, self.name, self.talker, self.kind = key, name, talker, kind
        self.turns = []

    def steps_of(self, turn):
        return {step: statistics.median(call[step] for call in turn) for step in turn[0]}

    def summary(self):
        """Medians over the rounds of the medians of their calls."""
        rounds = [self.steps_of(turn) for turn in self.turns]
        totals = [steps['total'] for steps in rounds]
        return {'key': self.key, 'name': self.name, 'engine': self.talker.about['engine'],
                'median_ms': statistics.median(totals), 'min_ms': min(totals), 'max_ms': max(totals),
                'steps_ms': {step: statistics.median(steps[step] for steps in rounds) for step in rounds[0] if step != 'total'},
                'rounds_ms': totals}


def run_turns(entrants, rounds, calls, seed, progress):
    """All entrants in each round, shuffled; round 0 warms up and does not count."""
    shuffle = random.Random(seed)
    for number in range(rounds + 1):
        order = list(entrants)
        shuffle.shuffle(order)
        for entrant in order:
            turn = entrant.talker.take_turn(entrant.kind, calls)
            entrant.talker.wait_until_idle()
            if number > 0:
                entrant.turns.append(turn)
        progress(number)
