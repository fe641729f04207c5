# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""A model that is installed and can run."""
from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Union, overload

import numpy as np

from . import _core
from .metadata import DeviceType, StrPath
from .reports import FaceMatch, InstalledModel, LoadReport, TensorInfo
from .results import Names, Results
from .sources import Picture, Sources

if TYPE_CHECKING:
    from .hub import ModelHub, ProgressCallback

logger = logging.getLogger("model_hub")

#: A face's numbers, or the answer to a picture with exactly one face.
Descriptor = Union[np.ndarray, Sequence[float]]


class Model:
    """A model of the catalog, or a file of your own, ready to run.

        model = Model("yolov8n", device="cpu")
        for r in model("street.jpg", conf=0.3):
            print(r.boxes.xyxy, r.names)

    Making one fetches what is missing and loads it; it blocks until the model can answer. It is a weak handle: after
    :meth:`unload` the next call loads it again. It may be used by any number of threads at once, sent to another process
    (by spawn or pickle: there it is loaded anew), and used on after a fork.

    ``name``
        ``name[@version][:variant]``, or the path of a file of your own (``"./best.onnx"``).
    ``device``
        :class:`DeviceType`, or ``"auto"``, ``"cpu"``, ``"gpu"``, ``"cuda:0"``.
    ``engine``
        ``"onnxruntime"``, ``"openvino"``, ...; by default what :meth:`ModelHub.tune` found, else the catalog's choice.
    ``precision``
        ``"exact"``, or ``"golden"``: also with fewer bits, where the engine finds that faster.
    ``threads``
        of one run; 0: all cores.
    ``fallback``
        when the device cannot be used: ``"never"``, ``"listed"`` or ``"any"`` other.
    ``hub``
        by default :func:`get_model_hub`.
    ``file``
        for a file of your own, what it does not say itself: ``recipe``, ``width``, ``height``, ``labels`` (a file, or
        ``"coco80"``), ``color``, ``scale``, ``mean``, ``std``.

    Errors: :class:`ModelNotFoundError`, :class:`CannotRunError` (no engine or device can run it), those of a download.
    """

    def __init__(self, name: StrPath, device: DeviceType | str = DeviceType.AUTO, *, hub: "ModelHub | None" = None,
                 engine: str | None = None, precision: str | None = None, threads: int = 0, fallback: str | None = None,
                 progress: "ProgressCallback | None" = None, **file: Any) -> None:
        if hub is None:
            from .hub import get_model_hub

            hub = get_model_hub()
        options = load_options(device, engine=engine, precision=precision, threads=threads, fallback=fallback, **file)
        self._take(hub, name, options, hub._load(name, options, progress))

    @classmethod
    def _of(cls, hub: "ModelHub", name: StrPath, options: dict[str, Any], core: _core.Model) -> "Model":
        model = object.__new__(cls)
        model._take(hub, name, options, core)
        return model

    def _take(self, hub: "ModelHub", name: StrPath, options: dict[str, Any], core: _core.Model) -> None:
        self._hub = hub
        self._reference = name
        self._options = options
        self._core = core
        self._generation = hub._generation
        self._task: str = core.task
        self._first_class: int = core.first_class_id
        self._names = Names(enumerate(core.labels, self._first_class))

    def __reduce__(self) -> Any:
        return _restore, (self._hub, self._reference, self._options)

    @property
    def _handle(self) -> _core.Model:
        """The handle of this process: one of before a fork is none."""
        if self._generation != self._hub._alive_generation():
            self._core = self._hub._load(self._reference, self._options, None)
            self._generation = self._hub._generation
        return self._core

    @property
    def name(self) -> str:
        """As the catalog calls it."""
        return self._core.name

    @property
    def version(self) -> str:
        """The version that was chosen."""
        return self._core.version

    @property
    def variant(self) -> str:
        """Which of that version's files: ``"onnx-fp32"``."""
        return self._core.variant

    @property
    def task(self) -> str:
        """``detect``, ``classify``, ``find_faces``, ``recognize_faces`` or ``read_text``"""
        return self._task

    @property
    def names(self) -> Names:
        """Class id to label."""
        return self._names

    @property
    def device(self) -> str:
        """The device that really runs it: ``"cpu:0"``. Loads it if need be."""
        return self.report().device

    @property
    def engine(self) -> str:
        """``"onnxruntime 1.32.0"``. Loads it if need be."""
        return self.report().engine

    def report(self) -> LoadReport:
        """How it was loaded: device, engine, all candidates with the reasons. Loads it if need be."""
        return LoadReport._of(self._handle.report())

    def installed(self) -> InstalledModel:
        """Its files."""
        return InstalledModel._of(self._core.installed())

    @overload
    def __call__(self, source: Any, *, conf: float | None = ..., iou: float | None = ...,
                 classes: Iterable[int | str] | int | str | None = ..., max_det: int | None = ...,
                 stream: Literal[False] = ..., color: str = ..., every: int = ..., verbose: bool = ...) -> list[Results]: ...

    @overload
    def __call__(self, source: Any, *, conf: float | None = ..., iou: float | None = ...,
                 classes: Iterable[int | str] | int | str | None = ..., max_det: int | None = ...,
                 stream: Literal[True], color: str = ..., every: int = ..., verbose: bool = ...) -> Iterator[Results]: ...

    def __call__(self, source: Any, *, conf: float | None = None, iou: float | None = None,
                 classes: Iterable[int | str] | int | str | None = None, max_det: int | None = None, stream: bool = False,
                 color: str = "bgr", every: int = 1, verbose: bool = False) -> list[Results] | Iterator[Results]:
        """Answers pictures: a list with one :class:`Results` for each, in their order.

        ``source``
            a path, an ``https://`` URL, a folder, a pattern (``"shots/*.jpg"``), a video, ``"camera:0"`` or 0; a NumPy array
            uint8 (height, width), (height, width, 3 or 4) or (pictures, height, width, 3); a ``PIL.Image``; a list or any
            iterable of these. Arrays that are contiguous in a row are used where they lie, also ``img[..., ::-1]``.
        ``conf``
            answers below this score are left out, 0 to 1.
        ``iou``
            of two boxes of one class that overlap by more than this the weaker goes, 0 to 1.
        ``classes``
            only these: labels or ids.
        ``max_det``
            at most so many answers, the best ones.
        ``stream``
            an iterator in place of a list: one picture is in memory at a time. For videos and large folders.
        ``color``
            the channels of NumPy arrays: ``"bgr"``, as OpenCV and ultralytics have them, or ``"rgb"``. PIL images are RGB, an
            alpha channel is blended on white; they are taken as they are (a photo of a phone that Pillow has opened may lie on
            its side: ``PIL.ImageOps.exif_transpose``), while paths and URLs are turned upright.
        ``every``
            of a video or camera: 10 is the first frame, the eleventh, ...
        ``verbose``
            a line for each picture to the logger ``model_hub``.

        What is None is as the model's recipe says. Errors: :class:`InputNotFoundError`, :class:`CorruptDataError` (a picture
        that cannot be decoded), :class:`InvalidArgumentError` (no picture, an unknown class).
        """
        options = _run_options(conf, iou, classes, max_det)
        sources = Sources(self._hub._handle, color, every)
        if stream:
            return self._answers(sources, source, options, verbose)
        one = sources.find_one(source)
        if one is not None:  # as most calls: no generator then
            return [self._answer(one, options, verbose)]
        return [self._answer(picture, options, verbose) for picture in sources.all(source)]

    predict = __call__

    def _answers(self, sources: Sources, source: Any, options: tuple[Any, ...], verbose: bool) -> Iterator[Results]:
        one = sources.find_one(source)
        for picture in (one,) if one is not None else sources.all(source):
            yield self._answer(picture, options, verbose)

    def _answer(self, picture: Picture, options: tuple[Any, ...], verbose: bool) -> Results:
        conf, iou, classes, max_det = options
        if max_det is None and self._task == "classify":
            max_det = len(self._names) or None  # Results.probs.data has them all
        answer = self._handle.run(picture.pixels, picture.color, conf, iou, classes, max_det)
        results = Results(answer, names=self._names, first_class=self._first_class, orig_shape=picture.shape,
                          picture=picture.original, path=picture.path, decode_ms=picture.decode_ms, frame=picture.frame)
        if verbose:
            logger.info("%s: %s, %.1f ms", results.path, results.verbose(), sum(results.speed.values()))
        return results

    def warmup(self) -> None:
        """One run on a grey picture, so that the first real one is not slower than the others."""
        self._handle.warmup()

    def unload(self) -> None:
        """Gives its memory back now; the next call loads it again. :class:`BusyError` while it runs or is held."""
        self._handle.unload()

    def lease(self) -> "Lease":
        """Keeps it in memory: ``with model.lease(): ...``"""
        return Lease(self._handle.lease())

    def signature(self) -> tuple[list[TensorInfo], list[TensorInfo]]:
        """The tensors that it takes and those that it gives, in its own order."""
        inputs, outputs = self._handle.signature()
        return [TensorInfo._of(info) for info in inputs], [TensorInfo._of(info) for info in outputs]

    def infer(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Beneath the recipe: runs the engine on tensors as :meth:`signature` names them.

        Arrays that are C-contiguous and in this machine's byte order are read where they lie, until the call ends: nobody may
        write into them meanwhile. Others are copied first; no values are converted. The arrays of the answer own their memory.
        :class:`InvalidArgumentError` for a name, type or shape that the model does not take, and for what is no array.
        """
        if not isinstance(inputs, Mapping):
            raise TypeError(f"infer takes a mapping from names to arrays, not a {type(inputs).__name__}: "
                            "signature() has the names")
        return self._handle.infer(dict(inputs))

    def face_measure(self) -> tuple[str, float]:
        """How its descriptors are compared: ``("euclidean" or "cosine", threshold)``. :class:`CannotRunError` if it has none."""
        return self._core.face_measure()

    def face_distance(self, a: Descriptor, b: Descriptor) -> float:
        """How far two descriptors are apart; up to the threshold of :meth:`face_measure` it is the same person."""
        return self._core.face_distance(np.asarray(a, np.float32), np.asarray(b, np.float32))

    def match_face(self, face: Descriptor, gallery: Mapping[str, Any] | Iterable[tuple[str, Descriptor]]) -> FaceMatch:
        """Who of ``gallery`` a descriptor is: names with a descriptor, or with several ((K, numbers)), each."""
        known = gallery.items() if isinstance(gallery, Mapping) else gallery
        pairs = [(name, row) for name, rows in known for row in np.atleast_2d(np.asarray(rows, np.float32))]
        index, distance, margin, is_same = self._core.nearest_face(np.asarray(face, np.float32), pairs)
        return FaceMatch(pairs[index][0], index, distance, margin, is_same)

    def __repr__(self) -> str:
        return f"Model({self.name}@{self.version}:{self.variant}, task={self.task!r})"


class Lease:
    """Keeps a model in memory until it is released, or the ``with`` block ends."""

    def __init__(self, core: _core.Lease) -> None:
        self._core: _core.Lease | None = core

    def release(self) -> None:
        """It may go again when room is needed."""
        self._core = None

    def __enter__(self) -> "Lease":
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def load_options(device: DeviceType | str, *, engine: str | None = None, precision: str | None = None, threads: int = 0,
                 fallback: str | None = None, **file: Any) -> dict[str, Any]:
    unknown = set(file) - {"recipe", "width", "height", "labels", "color", "scale", "mean", "std"}
    if unknown:
        raise TypeError(f"unexpected keyword argument {sorted(unknown)[0]!r}")
    if file.get("labels") is not None:
        file["labels"] = os.fsencode(file["labels"])
    return {"device": str(device), "engine": engine, "precision": precision, "threads": threads, "fallback": fallback, **file}


def _run_options(conf: float | None, iou: float | None, classes: Iterable[int | str] | int | str | None,
                 max_det: int | None) -> tuple[Any, ...]:
    if classes is None:
        return conf, iou, [], max_det
    if isinstance(classes, (int, str)):
        classes = [classes]
    return conf, iou, [c if isinstance(c, str) else str(int(c)) for c in classes], max_det


def _restore(hub: "ModelHub", name: StrPath, options: dict[str, Any]) -> Model:
    return Model._of(hub, name, options, hub._load(name, options, None))


__all__ = ["Lease", "Model"]
