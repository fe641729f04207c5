#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Filter pil_bilinear against Pillow itself: pillow_parity.py RESIZE_PROBE

Resizes and crops random pictures with both and prints the largest difference of a level. Exits 1 when it is above 0, 77
when Pillow is not there."""
import random
import subprocess
import sys

try:
    from PIL import Image, __version__
except ImportError:
    print("Pillow is not installed")
    sys.exit(77)


def noise(chooser, width, height):
    return Image.frombytes("RGB", (width, height), chooser.randbytes(width * height * 3))


def center_crop(image, width, height):
    """torchvision's CenterCrop for a picture that is large enough; round() halves to even."""
    left = int(round((image.width - width) / 2.0))
    top = int(round((image.height - height) / 2.0))
    return image.crop((left, top, left + width, top + height))


def resize_shorter(image, shorter):
    """torchvision's Resize(shorter) for a PIL picture."""
    width, height = image.size
    if width <= height:
        size = (shorter, int(shorter * height / width))
    else:
        size = (int(shorter * width / height), shorter)
    return image.resize(size, Image.BILINEAR)


def cases():
    chooser = random.Random(2026)
    sizes = [(1, 1), (1, 90), (90, 1), (3000, 1), (2, 2), (64, 48)]
    sizes += [(chooser.randint(1, 150), chooser.randint(1, 150)) for _ in range(150)]
    for width, height in sizes:
        image = noise(chooser, width, height)
        to = (chooser.randint(1, 120), chooser.randint(1, 120))
        yield image, "stretch", to, 0, image.resize(to, Image.BILINEAR)
    yield image, "stretch", image.size, 0, image
    for _ in range(40):
        image = noise(chooser, chooser.randint(30, 260), chooser.randint(30, 260))
        shorter = chooser.randint(24, 80)
        to = (chooser.randint(1, shorter), chooser.randint(1, shorter))
        expected = center_crop(resize_shorter(image, shorter), *to)
        yield image, "shorter_side_crop", to, shorter, expected
    # The numbers of the ImageNet classifiers.
    image = noise(chooser, 500, 375)
    yield image, "shorter_side_crop", (224, 224), 256, center_crop(resize_shorter(image, 256), 224, 224)


def main(probe):
    all_cases = list(cases())
    request = b"".join(
        f"{kind} {image.width} {image.height} {to[0]} {to[1]} {shorter}\n".encode() + image.tobytes()
        for image, kind, to, shorter, _ in all_cases)
    answer = subprocess.run([probe], input=request, stdout=subprocess.PIPE, check=True).stdout
    worst = 0
    position = 0
    for image, kind, to, _, expected in all_cases:
        theirs = expected.tobytes()
        ours = answer[position:position + len(theirs)]
        position += len(theirs)
        if ours == theirs:
            continue
        if len(ours) != len(theirs):
            sys.exit("the probe's answer is too short")
        difference = max(abs(a - b) for a, b in zip(ours, theirs))
        worst = max(worst, difference)
        print(f"{kind} {image.size} to {to}: {difference} levels")
    if position != len(answer):
        sys.exit("the probe's answer is too long")
    print(f"Pillow {__version__}: {len(all_cases)} pictures, largest difference {worst} levels")
    return 0 if worst == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
