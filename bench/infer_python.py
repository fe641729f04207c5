# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""The same models as people run them in Python: what bench/infer measures modelhub against.

  infer_python.py onnxruntime detect|classify MODEL.onnx PICTURE THREADS [--once]
  infer_python.py ultralytics detect MODEL.onnx PICTURE THREADS [--once]

From the file of the picture to the answers. THREADS 0: as many as each library takes by itself. Without --once it talks as
bench/inference/talk.h says, kind "file"; with --once it prints the answer and ends.
"""
import json
import os
import sys
import time


class StopWatch:
    """Milliseconds since it was made, or since the last lap()."""

    def __init__(self):
        self.last = time.perf_counter()

    def lap(self):
        now = time.perf_counter()
        passed, self.last = (now - self.last) * 1000, now
        return passed


def open_session(path, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    return session, f'onnxruntime {onnxruntime.__version__}'


class Detect:
    """YOLOv8 by ONNX Runtime and OpenCV: letterbox, 640 x 640, class-aware NMS."""
    SIDE, PAD, CONF, IOU = 640, 114, 0.25, 0.7

    def __init__(self, path, picture, threads):
        import cv2
        import numpy
        self.cv2, self.numpy, self.picture = cv2, numpy, picture
        if threads:
            cv2.setNumThreads(threads)
        self.session, engine = open_session(path, threads)
        self.input = self.session.get_inputs()[0].name
        self.engine = f'{engine}, OpenCV {cv2.__version__}'

    def prepare(self, image):
        height, width = image.shape[:2]
        ratio = min(self.SIDE / height, self.SIDE / width)
        new_width, new_height = round(width * ratio), round(height * ratio)
        left, top = round((self.SIDE - new_width) / 2 - 0.1), round((self.SIDE - new_height) / 2 - 0.1)
        resized = self.cv2.resize(image, (new_width, new_height), interpolation=self.cv2.INTER_LINEAR)
        boxed = self.cv2.copyMakeBorder(resized, top, self.SIDE - new_height - top, left, self.SIDE - new_width - left,
                                        self.cv2.BORDER_CONSTANT, value=(self.PAD, self.PAD, self.PAD))
        tensor = self.cv2.dnn.blobFromImage(boxed, 1 / 255, swapRB=True)
        return tensor, (left, top, width / new_width, height / new_height)

    def read(self, output, place, shape):
        numpy = self.numpy
        left, top, across, down = place
        scores = output[0, 4:]
        best = scores.max(axis=0)
        chosen = numpy.flatnonzero(best > self.CONF)
        best, classes = best[chosen], scores[:, chosen].argmax(axis=0)
        x, y, width, height = output[0, :4, chosen].T
        boxes = numpy.stack([x - width / 2, y - height / 2, width, height], axis=1)
        kept = self.cv2.dnn.NMSBoxesBatched(boxes, best, classes, self.CONF, self.IOU)
        found = []
        for i in kept:
            x1, y1, w, h = boxes[i].tolist()
            corners = [(x1 - left) * across, (y1 - top) * down, (x1 + w - left) * across, (y1 + h - top) * down]
            limits = [shape[1], shape[0]] * 2
            found.append({'id': int(classes[i]), 'score': float(best[i]),
                          'box': [min(max(value, 0), limit) for value, limit in zip(corners, limits)]})
        return sorted(found, key=lambda one: -one['score'])

    def call(self):
        """The answer and the milliseconds of its steps."""
        watch, times = StopWatch(), {}
        image = self.cv2.imread(self.picture)
        times['decode'] = watch.lap()
        tensor, place = self.prepare(image)
        times['pre'] = watch.lap()
        output = self.session.run(None, {self.input: tensor})[0]
        times['infer'] = watch.lap()
        answer = self.read(output, place, image.shape)
        times['post'] = watch.lap()
        return answer, times


class Classify:
    """A classifier of the ONNX Model Zoo by ONNX Runtime and Pillow, whose filter it was trained with."""
    SHORTER, SIDE, BEST = 256, 224, 5
    MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

    def __init__(self, path, picture, threads):
        import numpy
        import PIL
        from PIL import Image
        self.numpy, self.Image, self.picture = numpy, Image, picture
        self.session, engine = open_session(path, threads)
        self.input = self.session.get_inputs()[0].name
        self.engine = f'{engine}, Pillow {PIL.__version__}'
        self.mean = numpy.array(self.MEAN, numpy.float32)
        self.std = numpy.array(self.STD, numpy.float32)

    def prepare(self, image):
        width, height = image.size
        if width < height:
            size = (self.SHORTER, self.SHORTER * height // width)
        else:
            size = (self.SHORTER * width // height, self.SHORTER)
        left, top = round((size[0] - self.SIDE) / 2), round((size[1] - self.SIDE) / 2)
        cut = image.resize(size, self.Image.BILINEAR).crop((left, top, left + self.SIDE, top + self.SIDE))
        levels = (self.numpy.asarray(cut, self.numpy.float32) / 255 - self.mean) / self.std
        return self.numpy.ascontiguousarray(levels.transpose(2, 0, 1)[None])

    def read(self, output):
        logits = output[0]
        scores = self.numpy.exp(logits - logits.max())
        scores /= scores.sum()
        return [{'id': int(i), 'score': float(scores[i])} for i in scores.argsort()[::-1][:self.BEST]]

    def call(self):
        watch, times = StopWatch(), {}
        image = self.Image.open(self.picture).convert('RGB')
        times['decode'] = watch.lap()
        tensor = self.prepare(image)
        times['pre'] = watch.lap()
        output = self.session.run(None, {self.input: tensor})[0]
        times['infer'] = watch.lap()
        answer = self.read(output)
        times['post'] = watch.lap()
        return answer, times


class Ultralytics:
    """The package of YOLOv8's authors, which runs an ONNX file by ONNX Runtime."""

    def __init__(self, path, picture, threads):
        # What its users have, but for what it would fetch or install by itself.
        os.environ.update(YOLO_AUTOINSTALL='false', YOLO_OFFLINE='true', YOLO_VERBOSE='false')
        import onnxruntime
        import ultralytics
        if threads:
            self.limit(onnxruntime, threads)
        self.picture = picture
        self.model = ultralytics.YOLO(path, task='detect')
        self.engine = f'ultralytics {ultralytics.__version__}, onnxruntime {onnxruntime.__version__}'

    @staticmethod
    def limit(onnxruntime, threads):
        """It has no option for the threads of ONNX Runtime."""
        import cv2
        import torch
        cv2.setNumThreads(threads)
        torch.set_num_threads(threads)
        original = onnxruntime.InferenceSession

        def limited(path, sess_options=None, **more):
            options = sess_options or onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            return original(path, options, **more)
        onnxruntime.InferenceSession = limited

    def call(self):
        result = self.model.predict(self.picture, device='cpu', imgsz=640, verbose=False)[0]
        boxes = result.boxes
        answer = [{'id': int(i), 'score': score, 'box': box}
                  for i, score, box in zip(boxes.cls.tolist(), boxes.conf.tolist(), boxes.xyxy.tolist())]
        speed = result.speed
        return answer, {'pre': speed['preprocess'], 'infer': speed['inference'], 'post': speed['postprocess']}


PIPELINES = {('onnxruntime', 'detect'): Detect, ('onnxruntime', 'classify'): Classify, ('ultralytics', 'detect'): Ultralytics}


def timed_call(pipeline):
    watch = StopWatch()
    _, times = pipeline.call()
    return {'total': watch.lap(), **times}


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != '--once']
    if len(arguments) != 5 or tuple(arguments[:2]) not in PIPELINES:
        print(__doc__, file=sys.stderr)
        return 2
    # What libraries print must not come between the answers.
    out = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    pipeline = PIPELINES[tuple(arguments[:2])](arguments[2], arguments[3], int(arguments[4]))
    answer, _ = pipeline.call()
    print(json.dumps({'about': {'engine': pipeline.engine}, 'answer': answer}), file=out, flush=True)
    if '--once' in sys.argv:
        return 0
    for line in sys.stdin:
        timed_call(pipeline)
        print(json.dumps([timed_call(pipeline) for _ in range(int(line.split()[1]))]), file=out, flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
