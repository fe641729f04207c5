#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""What Tesseract's own program reads in pages made from phototest.tif: text, words, boxes, confidences.

  tesseract_words.py SHARED > tests/reference/tesseract_words.json

SHARED is the folder with mirror/ and images/. Each page says how it is made, so that the test can make it again
(tests/cli/text_test.cpp): a part of the picture, each pixel repeated, colours of ink and paper, a resolution.
"""
import csv
import io
import json
import os
import subprocess
import sys
import tempfile

from PIL import Image

DATA = '7d4322bd2a7749724879683fc3912cb542f19906c83bcc1a52132556427170b2'
WORDS = ['-c', 'tessedit_create_tsv=1']
PAGES = [
    {'name': 'as_it_is'},
    {'name': 'first_paragraph', 'part': [0, 60, 640, 140]},
    {'name': 'grey', 'ink': [90, 90, 90], 'paper': [200, 200, 200], 'dpi': 100},
    {'name': 'blue_on_cream', 'ink': [40, 30, 120], 'paper': [250, 240, 200]},
    {'name': 'two_inks', 'ink': [200, 20, 20], 'ink_below': [230, 20, 90, 20], 'paper': [255, 255, 240], 'dpi': 100},
    {'name': 'one_channel_only', 'ink': [255, 255, 0], 'paper': [255, 255, 255]},
    {'name': 'white_on_black', 'ink': [255, 255, 255], 'paper': [0, 0, 0]},
    {'name': 'twice_as_large', 'scale': 2},
    {'name': 'twice_as_large_300', 'scale': 2, 'dpi': 300},
    {'name': 'twice_as_large_72', 'scale': 2, 'dpi': 72},
    {'name': 'impossible_resolution', 'dpi': 5},
    {'name': 'empty', 'part': [0, 0, 640, 60]},
]


def make(page, picture):
    """The page as rows of RGB."""
    left, top, width, height = page.get('part', [0, 0, *picture.size])
    scale = page.get('scale', 1)
    ink, paper = tuple(page.get('ink', [0, 0, 0])), tuple(page.get('paper', [255, 255, 255]))
    row, *below = page.get('ink_below', [picture.size[1], *ink])
    result = Image.new('RGB', (width * scale, height * scale))
    pixels = picture.load()
    for y in range(height * scale):
        for x in range(width * scale):
            source = (left + x // scale, top + y // scale)
            color = paper if pixels[source] else (tuple(below) if source[1] >= row else ink)
            result.putpixel((x, y), color)
    return result


def main():
    shared = sys.argv[1]
    picture = Image.open(os.path.join(shared, 'images/phototest.tif')).convert('1')
    version = subprocess.run(['tesseract', '--version'], capture_output=True, text=True, check=True).stdout.split()[1]
    command = ['tesseract', 'PAGE.png', '-', '--tessdata-dir', 'FOLDER', '--oem', '1']
    document = {'made_by': 'tests/reference/tesseract_words.py SHARED', 'command': ' '.join(command),
                'command_of_words': ' '.join(command + WORDS), 'version': version, 'data': DATA, 'pages': []}
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(os.path.abspath(os.path.join(shared, 'mirror/sha256', DATA)),
                   os.path.join(folder, 'eng.traineddata'))
        for page in PAGES:
            path = os.path.join(folder, page['name'] + '.png')
            make(page, picture).save(path, **({'dpi': (page['dpi'], page['dpi'])} if 'dpi' in page else {}))
            run = [path if word == 'PAGE.png' else folder if word == 'FOLDER' else word for word in command]
            text = subprocess.run(run, capture_output=True, text=True, check=True).stdout
            table = subprocess.run(run + WORDS, capture_output=True, text=True, check=True).stdout
            words = [[row['text'], int(row['left']), int(row['top']), int(row['left']) + int(row['width']),
                      int(row['top']) + int(row['height']), float(row['conf'])]
                     for row in csv.DictReader(io.StringIO(table), delimiter='\t', quoting=csv.QUOTE_NONE)
                     if row['level'] == '5' and row['text'].strip()]
            document['pages'].append({**page, 'text': text, 'words': words})
    lines = json.dumps(document, ensure_ascii=False, indent=1)
    print(lines)


if __name__ == '__main__':
    main()
