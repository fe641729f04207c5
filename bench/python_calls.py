# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""A picture answered by modelhub from Python, as a program does that uses the package. Talks as bench/inference/talk.h says.

  python_calls.py HOME CATALOG MIRROR MODEL ENGINE PICTURE THREADS

memory: a call with the picture in a NumPy array; file: with the path of it.
"""
import json
import os
import sys
import time

import model_hub


def answer_of(results):
    if results.probs is not None:
        return [{'id': i, 'score': float(score)} for i, score in zip(results.probs.top5, results.probs.top5conf)]
    boxes = results.boxes
    return [{'id': int(i), 'score': score, 'box': box}
            for i, score, box in zip(boxes.cls.tolist(), boxes.conf.tolist(), boxes.xyxy.tolist())]


def main():
    if len(sys.argv) != 8:
        print(__doc__, file=sys.stderr)
        return 2
    home, catalog, mirror, name, engine, picture, threads = sys.argv[1:]
    hub = model_hub.ModelHub(home, catalogs=[catalog], mirrors=[mirror], threads=int(threads))
    model = model_hub.Model(name, hub=hub, engine=engine)
    first, = model(picture)
    sources = {'memory': first.orig_img, 'file': picture}
    # Python asks for the scores of all classes, C++ for the best five: here for the same.
    options = {'max_det': 5} if model.task == 'classify' else {}

    def timed_call(source):
        begin = time.perf_counter()
        results, = model(source, **options)
        total = (time.perf_counter() - begin) * 1000
        speed = results.speed
        return {'total': total, 'decode': speed['decode'], 'pre': speed['preprocess'], 'infer': speed['inference'],
                'post': speed['postprocess']}

    out = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    with model.lease():
        print(json.dumps({'about': {'engine': f'model_hub {model_hub.__version__}, {model.engine}'}, 'answer': answer_of(first)}),
              file=out, flush=True)
        for line in sys.stdin:
            kind, calls = line.split()
            timed_call(sources[kind])
            print(json.dumps([timed_call(sources[kind]) for _ in range(int(calls))]), file=out, flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
