# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Name a computer-vision model and get it running: fetched, verified, versioned, loaded once, on the best device here.

    from model_hub import Model

    model = Model("yolox_s")
    for result in model("street.jpg"):
        print(result.boxes.xyxy, result.verbose())

docs/python.md is the guide.
"""
from . import errors, reports
from ._core import version as __version__
from .errors import *  # noqa: F403
from .hub import ModelHub, get_model_hub, recipe_kinds
from .metadata import DeviceType, ModelMetadata, ModelType
from .model import Lease, Model
from .progress_bar import progress_bar
from .reports import *  # noqa: F403
from .results import Boxes, Keypoints, Probs, Results, Words

__all__ = ["Boxes", "DeviceType", "Keypoints", "Lease", "Model", "ModelHub", "ModelMetadata", "ModelType", "Probs", "Results",
           "Words", "__version__", "get_model_hub", "progress_bar", "recipe_kinds"]
__all__ += errors.__all__
__all__ += reports.__all__
