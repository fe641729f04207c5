# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""The libraries of engines, where other Python packages brought them: nothing of theirs is in this one."""
from __future__ import annotations

import glob
import importlib.util
import os
from collections.abc import Iterable

#: Engine, which is the package and the extra too: where in the package its library lies.
_PLACES = {
    "onnxruntime": ("capi", "libonnxruntime.so*"),
    "openvino": ("libs", "libopenvino_c.so*"),
}


def _folder_of(package: str) -> str | None:
    try:
        spec = importlib.util.find_spec(package)  # imports nothing
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return next(iter(spec.submodule_search_locations), None)


def settings() -> dict[str, str]:
    """What the engines are told: ``{"onnxruntime.library_dir": ".../onnxruntime/capi"}``."""
    found = {}
    for engine, (below, pattern) in _PLACES.items():
        folder = _folder_of(engine)
        if folder is not None and glob.glob(os.path.join(glob.escape(folder), below, pattern)):
            found[f"{engine}.library_dir"] = os.path.join(folder, below)
    return found


def extra_hint(message: str, usable: Iterable[str]) -> str | None:
    """What to install, when a model cannot run for want of an engine that ``message`` names."""
    wanted = [engine for engine in _PLACES if engine in message and engine not in set(usable)]
    if not wanted:
        return None
    commands = [f"pip install 'modelhub-vision[{engine}]'" for engine in wanted]
    return " or ".join(commands)
