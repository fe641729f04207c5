#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""What other people's programs answer with the models of tests/stand_ins, which stand in for weights that cannot be had.

  build/dev/bin/make_stand_ins SHARED FOLDER
  tests/reference/stand_ins.py SHARED FOLDER > tests/reference/stand_ins.json

Needs onnxruntime, opencv-python-headless before 5, pillow and numpy (pip). SHARED has images/. Nothing of modelhub is asked:
each class below feeds and reads its models as their own authors document it, with numbers written here and not read from
modelhub's catalog. The networks are run by ONNX Runtime, and by OpenCV those that only it can run; OpenCV resizes and
suppresses, Pillow resizes for the classifiers that were trained with it.
"""
import hashlib
import json
import os
import re
import sys

import cv2
import numpy
import onnxruntime
import PIL
from PIL import Image


def picture_of(shared, entry):
    """BGR. `rows`: the picture's first rows only."""
    picture = cv2.imread(os.path.join(shared, 'images', entry['picture']))
    return picture[:entry.get('rows', picture.shape[0])]


class Onnx:
    """A model that ONNX Runtime runs, with the names that its recipe must know."""

    def __init__(self, folder, name):
        self.files = [name]
        self.session = onnxruntime.InferenceSession(os.path.join(folder, name), providers=['CPUExecutionProvider'])

    def run(self, tensor, outputs):
        names = [value.name for value in self.session.get_inputs()]
        assert len(names) == 1, names
        return self.session.run(outputs, {names[0]: tensor})


class Classifier(Onnx):
    BEST = 5

    def answer(self, picture, labels):
        scores = self.scores(picture)
        assert scores.shape == (1000,)
        best = numpy.argsort(-scores, kind='stable')[:self.BEST]
        return {'classes': [{'class_id': int(i), 'label': labels['imagenet'][i], 'score': round(float(scores[i]), 6)}
                            for i in best]}


class ZooClassifier(Classifier):
    """ResNet and SqueezeNet of the ONNX Model Zoo, as torchvision prepares pictures for its own."""

    def scores(self, picture):
        image = Image.fromarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
        width, height = image.size
        size = (256, 256 * height // width) if width < height else (256 * width // height, 256)
        left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
        crop = image.resize(size, Image.BILINEAR).crop((left, top, left + 224, top + 224))
        levels = numpy.asarray(crop, numpy.float32) / 255
        levels = (levels - numpy.float32([0.485, 0.456, 0.406])) / numpy.float32([0.229, 0.224, 0.225])
        logits = self.run(levels.transpose(2, 0, 1)[None], None)[0].astype(numpy.float64).ravel()
        powers = numpy.exp(logits - logits.max())
        return powers / powers.sum()


class LiteClassifier(Classifier):
    """EfficientNet-Lite4, as the ONNX Model Zoo says beside it."""

    def scores(self, picture):
        image = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        height, width = image.shape[:2]
        longer = int(256 * max(height, width) / min(height, width))
        size = (256, longer) if height > width else (longer, 256)
        image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        left, top = int((size[0] - 224) / 2), int((size[1] - 224) / 2)
        levels = (image[top:top + 224, left:left + 224].astype(numpy.float32) - 127) / 128
        return self.run(levels[None], ['Softmax:0'])[0].ravel()


class Detector:
    # The test looks away where a score is this near to the threshold: other processors round otherwise.
    NEAR = 0.01

    def kept_by(self, suppress, iou):
        """What a suppression keeps, if it does not hang on a hair."""
        kept, less, more = (sorted(int(i) for i in suppress(limit)) for limit in (iou, iou - 0.001, iou + 0.001))
        assert kept == less == more, f'two boxes overlap by {iou}, nearly: choose another picture or seed'
        return kept

    def detections(self, found, picture, names, first=0):
        """Sorted, with boxes cut at the edges of the picture; what lies outside is no answer."""
        height, width = picture.shape[:2]
        answers = []
        for class_id, score, box in found:
            box = [min(max(float(value), 0), limit) for value, limit in zip(box, [width, height] * 2)]
            if box[0] < box[2] and box[1] < box[3]:
                answers.append({'class_id': int(class_id), 'label': names[int(class_id) - first],
                                'score': round(float(score), 5), 'box': [round(value, 2) for value in box]})
        return {'conf': self.CONF, 'near': self.NEAR, 'detections': sorted(answers, key=lambda one: -one['score'])}


class YoloX(Onnx, Detector):
    """YOLOX's own demo of ONNX Runtime: the picture at the top left, levels as they are, grid, objectness, one NMS for all."""
    CONF, IOU = 0.3, 0.45

    def answer(self, picture, labels):
        side = self.session.get_inputs()[0].shape[2]
        height, width = picture.shape[:2]
        ratio = min(side / height, side / width)
        size = int(width * ratio), int(height * ratio)
        padded = numpy.full((side, side, 3), 114, numpy.uint8)
        padded[:size[1], :size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
        rows = self.run(padded.transpose(2, 0, 1)[None].astype(numpy.float32), ['output'])[0][0]
        grids, strides = [], []
        for stride in (8, 16, 32):
            across, down = numpy.meshgrid(numpy.arange(side // stride), numpy.arange(side // stride))
            grids.append(numpy.stack([across, down], 2).reshape(-1, 2))
            strides.append(numpy.full((across.size, 1), stride))
        grids, strides = numpy.concatenate(grids), numpy.concatenate(strides)
        centres, sizes = (rows[:, :2] + grids) * strides, numpy.exp(rows[:, 2:4]) * strides
        corners = numpy.hstack([centres - sizes / 2, centres + sizes / 2]) / ratio
        scores = rows[:, 4:5] * rows[:, 5:]
        classes, best = scores.argmax(1), scores.max(1)
        boxes = numpy.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]])
        kept = self.kept_by(lambda iou: cv2.dnn.NMSBoxes(boxes.tolist(), best.tolist(), self.CONF, iou), self.IOU)
        return self.detections([(classes[i], best[i], corners[i]) for i in kept], picture, labels['coco80'])


class YoloV8(Onnx, Detector):
    """YOLOv8 as Ultralytics predicts with an export of one size: the picture in the middle, levels 0 to 1, NMS by class."""
    SIDE, CONF, IOU = 640, 0.25, 0.7

    def answer(self, picture, labels):
        height, width = picture.shape[:2]
        ratio = min(self.SIDE / height, self.SIDE / width)
        size = round(width * ratio), round(height * ratio)
        left, top = round((self.SIDE - size[0]) / 2 - 0.1), round((self.SIDE - size[1]) / 2 - 0.1)
        padded = numpy.full((self.SIDE, self.SIDE, 3), 114, numpy.uint8)
        padded[top:top + size[1], left:left + size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
        tensor = padded[:, :, ::-1].transpose(2, 0, 1)[None].astype(numpy.float32) / 255
        columns = self.run(numpy.ascontiguousarray(tensor), ['output0'])[0][0]
        classes, best = columns[4:].argmax(0), columns[4:].max(0)
        x, y, w, h = columns[:4]
        boxes = numpy.stack([x - w / 2, y - h / 2, w, h], 1)
        kept = self.kept_by(lambda iou: cv2.dnn.NMSBoxesBatched(boxes, best, classes, self.CONF, iou), self.IOU)
        across, down = width / size[0], height / size[1]
        found = []
        for i in kept:
            x, y, w, h = boxes[i]
            found.append((classes[i], best[i], [(x - left) * across, (y - top) * down, (x + w - left) * across,
                                                (y + h - top) * down]))
        return self.detections(found, picture, labels['coco80'])


class ObjectDetectionApi(Onnx, Detector):
    """TensorFlow's object detection: the whole picture as bytes in, corners from 0 to 1 and classes from 1 out."""
    CONF = 0.5

    def answer(self, picture, labels):
        rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        boxes, classes, scores, count = self.run(
            rgb[None], ['detection_boxes', 'detection_classes', 'detection_scores', 'num_detections'])
        height, width = picture.shape[:2]
        found = []
        for i in range(int(count[0])):
            top, left, bottom, right = boxes[0, i]
            if scores[0, i] > self.CONF:
                found.append((classes[0, i], scores[0, i], [left * width, top * height, right * width, bottom * height]))
        return self.detections(found, picture, labels['coco90'], first=1)


class OpenCvSsd(Detector):
    """OpenCV's sample object_detection.py: blobFromImage, forward, rows of seven numbers."""
    CONF = 0.5

    def answer(self, picture, labels):
        blob = cv2.dnn.blobFromImage(picture, self.SCALE, (300, 300), self.MEAN, swapRB=self.SWAPS, crop=False)
        self.net.setInput(blob)
        rows = self.net.forward().reshape(-1, 7)
        height, width = picture.shape[:2]
        found = [(row[1], row[2], row[3:7] * [width, height, width, height]) for row in rows if row[2] > self.CONF]
        return self.detections(found, picture, labels[self.LABELS], first=1)


class TensorFlowSsd(OpenCvSsd):
    """As opencv_extra's models.yml has it for ssd_mobilenet_v2_coco: the graph scales by itself."""
    SCALE, MEAN, SWAPS, LABELS = 1.0, (0, 0, 0), True, 'coco90'

    def __init__(self, folder, graph, text):
        self.files = [graph, text]
        self.net = cv2.dnn.readNetFromTensorflow(os.path.join(folder, graph), os.path.join(folder, text))


class CaffeSsd(OpenCvSsd):
    """MobileNet-SSD: BGR from -1 to 1."""
    SCALE, MEAN, SWAPS, LABELS = 1 / 127.5, (127.5, 127.5, 127.5), False, 'voc20'

    def __init__(self, folder, graph, weights):
        self.files = [graph, weights]
        self.net = cv2.dnn.readNetFromCaffe(os.path.join(folder, graph), os.path.join(folder, weights))


CAT, DOG, BUS, DEMO = ({'picture': name} for name in ('cat.jpg', 'dog.jpg', 'bus.jpg', 'coco_demo.jpg'))
# Sizes at which a part of a pixel must go somewhere. 640 x 472: 347 - 224 pixels are cut from two ends, 306.8 rows of 416
# are filled; 810 x 1072: 483.58 columns of 640 are.
ODD_DEMO = {'picture': 'coco_demo.jpg', 'rows': 472}
ODD_BUS = {'picture': 'bus.jpg', 'rows': 1072}
MODELS = {
    'resnet50': (ZooClassifier, ['resnet50-v1-12.onnx'], [CAT, DOG, BUS]),
    'squeezenet': (ZooClassifier, ['squeezenet1.1-7.onnx'], [CAT, DOG, BUS]),
    'efficientnet_lite4': (LiteClassifier, ['efficientnet-lite4-11.onnx'], [CAT, DOG, ODD_DEMO]),
    'yolox_s': (YoloX, ['yolox_s.onnx'], [BUS, DEMO]),
    'yolox_tiny': (YoloX, ['yolox_tiny.onnx'], [BUS, ODD_DEMO]),
    'yolov8s': (YoloV8, ['yolov8s.onnx'], [ODD_BUS, DEMO]),
    'ssd_mobilenet_v1': (ObjectDetectionApi, ['ssd_mobilenet_v1_12.onnx'], [BUS, DEMO]),
    'ssd_mobilenet_v2': (TensorFlowSsd, ['frozen_inference_graph.pb', 'ssd_mobilenet_v2_coco_2018_03_29.pbtxt'],
                         [BUS, DOG]),
    'mobilenet_ssd': (CaffeSsd, ['MobileNetSSD_deploy.prototxt', 'MobileNetSSD_deploy.caffemodel'], [DEMO, DOG]),
}
VOC = ('aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person pottedplant sheep '
       'sofa train tvmonitor').split()


def sha256_of(path):
    with open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()


def lines_of(shared, name):
    with open(os.path.join(shared, 'images', name), encoding='utf-8') as file:
        return file.read().splitlines()


def main(shared, folder):
    labels = {'coco80': lines_of(shared, 'coco.names'), 'coco90': lines_of(shared, 'coco91.txt'), 'voc20': VOC,
              'imagenet': [line.split(' ', 1)[1] for line in lines_of(shared, 'imagenet_synset.txt')]}
    models = {}
    for name, (kind, files, entries) in MODELS.items():
        model = kind(os.path.join(folder, name), *files)
        models[name] = {
            'files': {file: sha256_of(os.path.join(folder, name, file)) for file in model.files},
            'answers': [{**entry, **model.answer(picture_of(shared, entry), labels)} for entry in entries]}
    document = {'made_by': 'tests/reference/stand_ins.py SHARED FOLDER, after make_stand_ins SHARED FOLDER',
                'versions': {'onnxruntime': onnxruntime.__version__, 'opencv': cv2.__version__,
                             'pillow': PIL.__version__, 'numpy': numpy.__version__},
                'models': models}
    # One answer a line.
    text = json.dumps(document, ensure_ascii=False, indent=1)
    print(re.sub(r'\n {6,}', ' ', re.sub(r'\n {7,}', ' ', text)))


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
