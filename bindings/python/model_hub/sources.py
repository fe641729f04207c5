# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that a model can be called with, as a sequence of pictures."""
from __future__ import annotations

import glob
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from . import _core
from .errors import InputNotFoundError, InvalidArgumentError

_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")
_VIDEOS = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".ts")


class Picture:
    """A picture in memory, however it came there."""

    __slots__ = ("pixels", "color", "shape", "path", "decode_ms", "frame", "original")

    def __init__(self, pixels: Any, color: str, shape: tuple[int, int], path: str, original: Callable[[], np.ndarray],
                 decode_ms: float = 0.0, frame: int | None = None) -> None:
        #: A NumPy array, or a ``_core.Picture``.
        self.pixels = pixels
        self.color = color
        #: (height, width)
        self.shape = shape
        self.path = path
        self.decode_ms = decode_ms
        self.frame = frame
        #: Gives uint8 (height, width, 3) BGR.
        self.original = original


def _is_pil(source: Any) -> bool:
    pil = sys.modules.get("PIL.Image")  # who has such a picture has imported it
    return pil is not None and isinstance(source, pil.Image)


def _is_foreign_array(source: Any) -> bool:
    """A tensor of another package: with an order of sides and colours, and a range, of its own."""
    return hasattr(source, "__array__") and not isinstance(source, np.ndarray)


def _to_bgr(pixels: np.ndarray, color: str) -> np.ndarray:
    """``orig_img`` of an array: the array itself where it is BGR."""
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return np.repeat(pixels.reshape(*pixels.shape[:2], 1), 3, axis=2)
    if color == "bgr":
        return pixels if pixels.shape[2] == 3 else np.ascontiguousarray(pixels[..., :3])
    return np.ascontiguousarray(pixels[..., 2::-1])


def of_array(pixels: np.ndarray, color: str, path: str, frame: int | None = None) -> Picture:
    return Picture(pixels, color, pixels.shape[:2], path, lambda: _to_bgr(pixels, color), frame=frame)


def _of_pil(image: Any, path: str) -> Picture:
    begin = time.perf_counter()
    if image.mode not in ("L", "RGB", "RGBA"):
        image = image.convert("RGBA" if "transparency" in image.info or image.mode in ("LA", "PA") else "RGB")
    picture = of_array(np.asarray(image), "rgb", getattr(image, "filename", "") or path)
    picture.decode_ms = (time.perf_counter() - begin) * 1e3
    return picture


def _of_decoded(decoded: Any, path: str, begin: float) -> Picture:
    return Picture(decoded, "rgb", (decoded.height, decoded.width), path, decoded.bgr,
                   decode_ms=(time.perf_counter() - begin) * 1e3)


def _of_file(path: str) -> Picture:
    begin = time.perf_counter()
    return _of_decoded(_core.Picture.load(os.fsencode(path)), path, begin)


def _of_url(hub: Any, url: str) -> Picture:
    content = hub.fetch(url).result()
    begin = time.perf_counter()
    shown = _core.shown_url(url)
    return _of_decoded(_core.Picture.decode(content, shown), shown, begin)


def _frames(hub: Any, name: str, every: int) -> Iterator[Picture]:
    video = hub.open_video(os.fsencode(name), every)
    while True:
        begin = time.perf_counter()
        frame = video.next()
        if frame is None:
            return
        picture = of_array(frame[1], "bgr", name, frame[0])
        picture.decode_ms = (time.perf_counter() - begin) * 1e3
        yield picture


def _no_picture(source: Any) -> InvalidArgumentError:
    return InvalidArgumentError(f"a {type(source).__name__} is no picture", code="invalid_argument", subject="usage",
                                hint="give a path, a URL, a NumPy array, a PIL image, or a list of these")


def _folder(path: str) -> list[str]:
    names = sorted(entry.path for entry in os.scandir(path)
                   if entry.name.lower().endswith(_PICTURES) and entry.is_file())
    if not names:
        raise InputNotFoundError(f"the folder {path} holds no picture", code="not_found", subject="input",
                                 hint="pictures end in " + " ".join(_PICTURES) + "; folders below are not looked into")
    return names


def _ahead(pictures: Iterator[Picture]) -> Iterator[Picture]:
    """The same pictures; each is decoded on another thread while the one before is looked at."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="model_hub")
    try:
        pending = pool.submit(next, pictures, None)
        while (picture := pending.result()) is not None:
            pending = pool.submit(next, pictures, None)
            yield picture
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class Sources:
    """Turns what a model was called with into pictures. ``hub`` is the ``_core.Hub`` that fetches URLs."""

    def __init__(self, hub: Any, color: str, every: int = 1) -> None:
        self._hub = hub
        self._color = color
        self._every = every
        self._unnamed = 0

    def find_one(self, source: Any) -> Picture | None:
        """The picture, when it is a single one: most calls have no use for a generator."""
        if isinstance(source, np.ndarray) and source.ndim != 4:
            return of_array(source, self._color, self._name())
        if _is_pil(source):
            return _of_pil(source, self._name())
        if isinstance(source, (str, os.PathLike)):
            name = os.fspath(source)
            if not self._is_many(name):
                return _of_url(self._hub, name) if "://" in name else _of_file(name)
        return None

    def all(self, source: Any) -> Iterator[Picture]:
        is_named = isinstance(source, (str, os.PathLike, int))
        if isinstance(source, (list, tuple)):
            is_named = any(isinstance(item, (str, os.PathLike)) for item in source)
        # Not what a stranger's generator gives: it may mind which thread it runs on.
        return _ahead(self._each(source)) if is_named else self._each(source)

    def _each(self, source: Any) -> Iterator[Picture]:
        picture = self.find_one(source)
        if picture is not None:
            yield picture
        elif isinstance(source, (bool, bytes, dict)) or _is_foreign_array(source):
            raise _no_picture(source)
        elif isinstance(source, int):
            yield from _frames(self._hub, f"camera:{source}", self._every)
        elif isinstance(source, (str, os.PathLike)):
            yield from self._many(os.fspath(source))
        elif isinstance(source, Iterable):
            for item in source:
                yield from self._each(item)
        else:
            raise _no_picture(source)

    @staticmethod
    def _is_many(name: str) -> bool:
        if "://" in name:
            return False
        return (name.startswith("camera:") or name.lower().endswith(_VIDEOS) or os.path.isdir(name)
                or (glob.has_magic(name) and not os.path.exists(name)))

    def _many(self, name: str) -> Iterator[Picture]:
        if os.path.isdir(name):
            yield from map(_of_file, _folder(name))
        elif glob.has_magic(name) and not os.path.exists(name):
            names = sorted(glob.glob(name, recursive=True))
            if not names:
                raise InputNotFoundError(f"no file matches {name}", code="not_found", subject="input",
                                         hint="** looks into folders below")
            yield from map(_of_file, names)
        else:
            yield from _frames(self._hub, name, self._every)

    def _name(self) -> str:
        self._unnamed += 1
        return f"image{self._unnamed - 1}.jpg"
