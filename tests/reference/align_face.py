#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""What OpenCV makes of faces before SFace sees them: FaceDetectorYN's landmarks and FaceRecognizerSF's alignCrop.

  tests/reference/align_face.py SHARED > tests/reference/align_face.txt

Needs opencv-python-headless and numpy (pip). SHARED has images/ and mirror/. SFace's own weights are not needed to align:
a graph that does nothing stands in for them. `thumbnail` is what the stand-in graph of tests/engine/tiny_onnx.h computes of
the crop, by numpy: means of 14x14 pixels of red, then of green, brought to length 1.
"""
import sys
import tempfile

import cv2
import numpy

YUNET = '8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4'
FACES = {'one_face.jpg': 1, 'bald_guys.jpg': 4}  # how many of each picture, best first
STEP = 7
SIDE = 640  # the picture is searched as yunet's recipe shows it to the network: at the top left of a square


def field(number, content):
    return bytes([number << 3 | 2, len(content)]) + content


def nothing_graph():
    """An ONNX model whose only node is Identity."""
    side = field(1, bytes([8, 1]))
    kind = field(1, bytes([8, 1]) + field(2, side))
    node = field(1, b'x') + field(2, b'y') + field(4, b'Identity')
    graph = field(1, node) + field(2, b'g') + field(11, field(1, b'x') + field(2, kind)) + \
        field(12, field(1, b'y') + field(2, kind))
    return bytes([8, 8]) + field(7, graph) + field(8, bytes([16, 13]))


def thumbnail(crop):
    rgb = crop[:, :, ::-1].astype(numpy.float64)
    means = rgb.reshape(8, 14, 8, 14, 3).mean(axis=(1, 3))
    numbers = numpy.concatenate([means[:, :, 0].ravel(), means[:, :, 1].ravel()])
    return numbers / numpy.linalg.norm(numbers)


def find_faces(picture, detector):
    """FaceDetectorYN's rows, best first, in pixels of the picture."""
    height, width = picture.shape[:2]
    ratio = min(SIDE / width, SIDE / height)
    columns, rows = round(width * ratio), round(height * ratio)
    square = numpy.zeros((SIDE, SIDE, 3), numpy.uint8)
    square[:rows, :columns] = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_LINEAR)
    _, found = detector.detect(square)
    found[:, 0:14:2] *= width / columns
    found[:, 1:14:2] *= height / rows
    return sorted(found, key=lambda row: -row[14])


def main(shared):
    with tempfile.NamedTemporaryFile(suffix='.onnx') as file:
        file.write(nothing_graph())
        file.flush()
        recognizer = cv2.FaceRecognizerSF.create(file.name, '')
    print('# SPDX-FileCopyrightText: 2026 The modelhub authors\n# SPDX-License-Identifier: Apache-2.0')
    print(f'# made by: tests/reference/align_face.py SHARED, with OpenCV {cv2.__version__}, numpy {numpy.__version__}')
    print('# face: picture, then x and y of right eye, left eye, nose, right and left corner of the mouth')
    print(f'# levels: RGB of every {STEP}th pixel of every {STEP}th row of the crop; thumbnail: see the script')
    with open(f'{shared}/mirror/sha256/{YUNET}', 'rb') as weights, tempfile.NamedTemporaryFile(suffix='.onnx') as file:
        file.write(weights.read())
        file.flush()
        detector = cv2.FaceDetectorYN.create(file.name, '', (SIDE, SIDE), 0.6)
        for name, count in FACES.items():
            picture = cv2.imread(f'{shared}/images/{name}')
            for face in find_faces(picture, detector)[:count]:
                crop = recognizer.alignCrop(picture, face)
                print('face', name, *(f'{value:.4f}' for value in face[4:14]))
                print('levels', *crop[::STEP, ::STEP, ::-1].ravel())
                print('thumbnail', *(f'{value:.5f}' for value in thumbnail(crop)))


if __name__ == '__main__':
    main(sys.argv[1])
