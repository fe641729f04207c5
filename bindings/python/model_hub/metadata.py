# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""What models are, and where they run."""
from __future__ import annotations

import enum
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Union


class DeviceType(str, enum.Enum):
    """Where a model shall run. Wherever one is taken, a device's own name will do too: ``"cuda:0"``."""

    #: The best device that works.
    AUTO = "auto"
    CPU = "cpu"
    #: Any GPU; where none can be used another device, with a warning that says why.
    GPU = "gpu"

    def __str__(self) -> str:
        return self.value


class ModelType(str, enum.Enum):
    """The family of a model."""

    YOLO_V8 = "yolo_v8"
    YOLOX = "yolox"
    SSD_MOBILENET = "ssd_mobilenet"
    RESNET = "resnet"
    MOBILENET = "mobilenet"
    TESSERACT = "tesseract"
    FACE_RECOGNITION = "face_recognition"
    #: Any other one of the catalog.
    OTHER = "other"
    #: To register a model whose file says by itself what it is.
    CUSTOM = "custom"

    def __str__(self) -> str:
        return self.value

    @classmethod
    def of(cls, name: str) -> "ModelType":
        """The family that a model of the catalog belongs to, by its name."""
        for start, family in _FAMILIES.items():
            if name.startswith(start):
                return family
        return cls.OTHER


_FAMILIES = {
    "yolov8": ModelType.YOLO_V8,
    "yolox": ModelType.YOLOX,
    "ssd_mobilenet": ModelType.SSD_MOBILENET,
    "resnet": ModelType.RESNET,
    "mobilenet": ModelType.MOBILENET,
    "tesseract": ModelType.TESSERACT,
    "face_recognition": ModelType.FACE_RECOGNITION,
}

#: The kind of recipe that a family has, for files that do not say themselves what they are.
FAMILY_RECIPES = {ModelType.YOLO_V8: "yolov8", ModelType.YOLOX: "yolox"}

StrPath = Union[str, "os.PathLike[str]"]


@dataclass
class ModelMetadata:
    """A model as :meth:`ModelHub.list_available_models` tells of it, and as :meth:`ModelHub.register_custom_model` takes it.

    The fields under "to register" are only read then. What the model's own file says of itself (exports of Ultralytics say
    everything) need not be given.
    """

    name: str
    model_type: ModelType = ModelType.CUSTOM
    version: str = ""
    description: str = ""
    #: ``detect``, ``classify``, ``find_faces``, ``recognize_faces``, ``read_text``
    task: str = ""
    #: SPDX identifier
    license: str = ""
    homepage: str = ""
    #: Bytes that a download brings.
    size: int = 0
    #: Versions that exist, newest first.
    versions: tuple[str, ...] = ()
    #: What of it is installed: ``name@version:variant``.
    installed: tuple[str, ...] = ()

    # To register.

    #: A file of this machine, or an ``https://`` URL.
    url: StrPath | None = None
    #: 64 hexadecimal digits. Of a file it is checked; of a URL it is the only proof of what arrives.
    sha256: str | None = None
    #: How it is fed and read: one of :func:`recipe_kinds`, or the name of a model of the catalog that it is like.
    recipe: str | None = None
    #: ``(width, height)`` in pixels, or one number for both; for files that take several sizes.
    input_size: int | tuple[int, int] | None = None
    #: The names of its classes, a file with one a line, or ``"coco80"``, ``"coco90"``, ``"imagenet1k"``.
    labels: Sequence[str] | StrPath | None = None
    #: ``"rgb"``, ``"bgr"`` or ``"gray"``
    color: str | None = None
    #: y = (x * scale - mean) / std for each channel, x from 0 to 255.
    scale: float | None = None
    mean: Sequence[float] = field(default_factory=tuple)
    std: Sequence[float] = field(default_factory=tuple)
