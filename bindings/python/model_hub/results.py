# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""What a model says about one picture.

Everywhere: coordinates are pixels of the original picture (of a file as a person sees it, after its EXIF orientation), origin
at the top left; scores are from 0 to 1; N answers are sorted by falling score, words in the order of reading.
"""
from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Union

import numpy as np

from . import _core
from .metadata import StrPath

Index = Union[int, slice, Sequence[int], Sequence[bool], np.ndarray]


class Array(np.ndarray):
    """A NumPy array that may also be asked as if it were a tensor: ``.cpu().numpy()``, ``.int()``. Nothing is copied."""

    def cpu(self) -> "Array":
        return self

    def detach(self) -> "Array":
        return self

    def to(self, *args: Any, **kwargs: Any) -> "Array":
        return self

    def numpy(self) -> np.ndarray:
        return self.view(np.ndarray)

    def int(self) -> "Array":
        return self.astype(np.int32).view(Array)

    def float(self) -> "Array":
        return self.astype(np.float32).view(Array)

    # As of a tensor with one element, whatever its shape: int(box.cls).
    def __int__(self) -> Any:
        return self.item().__int__()

    def __float__(self) -> Any:
        return self.item().__float__()


def _array(values: np.ndarray) -> Array:
    return values.view(Array)


def _rows(index: Index) -> Any:
    """An index that keeps a table a table: 3 becomes [3]."""
    return [index] if isinstance(index, (int, np.integer)) else index


class _Table:
    """Something with one row of numbers for each answer, and the size of the picture to relate them to."""

    def __init__(self, data: np.ndarray, orig_shape: tuple[int, int]) -> None:
        self._data = data
        self.orig_shape = orig_shape

    @property
    def data(self) -> Array:
        return _array(self._data)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._data.shape

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: Index) -> Any:
        return type(self)(self._data[_rows(index)], self.orig_shape)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def cpu(self) -> Any:
        return self

    def numpy(self) -> Any:
        return self

    def to(self, *args: Any, **kwargs: Any) -> Any:
        return self

    def _sizes(self) -> np.ndarray:
        height, width = self.orig_shape
        return np.array([width, height], dtype=np.float32)


class Boxes(_Table):
    """Boxes with scores and classes: ``data`` is float32 (N, 6): x1, y1, x2, y2, score, class.

    As in ultralytics ``xywh`` is the *centre* with width and height, and the forms ending in ``n`` are parts of the
    picture's sides.
    """

    is_track = False
    #: Nothing is tracked.
    id = None

    @property
    def xyxy(self) -> Array:
        """(N, 4): left, top, right, bottom in pixels."""
        return _array(self._data[:, :4])

    @property
    def xywh(self) -> Array:
        """(N, 4): centre x, centre y, width, height in pixels."""
        corners = self._data[:, :4]
        return _array(np.concatenate([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], axis=1))

    @property
    def xyxyn(self) -> Array:
        """(N, 4): as ``xyxy``, from 0 to 1."""
        return _array(self._data[:, :4] / np.tile(self._sizes(), 2))

    @property
    def xywhn(self) -> Array:
        """(N, 4): as ``xywh``, from 0 to 1."""
        return _array(self.xywh.numpy() / np.tile(self._sizes(), 2))

    @property
    def conf(self) -> Array:
        """(N,): scores."""
        return _array(self._data[:, 4])

    @property
    def cls(self) -> Array:
        """(N,): class ids, as float32 like all of ``data``."""
        return _array(self._data[:, 5])

    def __repr__(self) -> str:
        return f"Boxes({len(self)}, orig_shape={self.orig_shape})\n{self._data}"


class Keypoints(_Table):
    """The landmarks of faces: ``data`` is float32 (N, K, 2), in pixels, in the model's own order.

    YuNet has five: right eye, left eye, nose, right and left corner of the mouth.
    """

    #: The models give no score for each point.
    conf = None
    has_visible = False

    @property
    def xy(self) -> Array:
        """(N, K, 2) in pixels."""
        return _array(self._data)

    @property
    def xyn(self) -> Array:
        """(N, K, 2) from 0 to 1."""
        return _array(self._data / self._sizes())

    def __repr__(self) -> str:
        return f"Keypoints({self.shape})"


class Words(_Table):
    """The words of a page, in the order of reading: ``data`` is float32 (N, 5): x1, y1, x2, y2, score."""

    def __init__(self, data: np.ndarray, orig_shape: tuple[int, int], text: Sequence[str], places: np.ndarray) -> None:
        super().__init__(data, orig_shape)
        #: N strings
        self.text = list(text)
        self._places = places

    def __getitem__(self, index: Index) -> "Words":
        rows = _rows(index)
        text = [str(word) for word in np.array(self.text, dtype=object)[rows]]
        return Words(self._data[rows], self.orig_shape, text, self._places[rows])

    @property
    def xyxy(self) -> Array:
        """(N, 4): left, top, right, bottom in pixels."""
        return _array(self._data[:, :4])

    @property
    def conf(self) -> Array:
        """(N,): how sure the reader is."""
        return _array(self._data[:, 4])

    @property
    def line(self) -> Array:
        """(N,): the line of each word, counted through the picture from 0."""
        return _array(self._places[:, 0])

    @property
    def paragraph(self) -> Array:
        """(N,): its paragraph."""
        return _array(self._places[:, 1])

    @property
    def block(self) -> Array:
        """(N,): its block: a column, a heading, a caption."""
        return _array(self._places[:, 2])

    def __repr__(self) -> str:
        return f"Words({len(self)}: {' '.join(self.text[:8])}{' ...' if len(self) > 8 else ''})"


class Probs:
    """The classes of a picture: ``data`` is float32 (classes,), the score of each class by its place in the model's list.

    Where a call asked for fewer classes (``max_det``, ``classes``, ``conf``) the others are 0.
    """

    def __init__(self, ids: np.ndarray, scores: np.ndarray, count: int, first_class: int) -> None:
        self._ids = ids
        self._scores = scores
        self._labels = count
        self._first_class = first_class

    @property
    def _count(self) -> int:
        """How many classes there are: without labels at least those that were seen."""
        return max(self._labels, int(self._ids.max()) - self._first_class + 1 if len(self._ids) else 0)

    @property
    def data(self) -> Array:
        """(classes,): a score for each."""
        data = np.zeros(self._count, dtype=np.float32)
        data[self._ids - self._first_class] = self._scores
        return _array(data)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self._count,)

    @property
    def top1(self) -> int:
        """The id of the best class. ``IndexError`` when no class is left."""
        return int(self._ids[0])

    @property
    def top1conf(self) -> Array:
        """Its score."""
        return _array(np.asarray(self._scores[0]))

    @property
    def top5(self) -> list[int]:
        """The ids of the best five classes, best first."""
        return [int(i) for i in self._ids[:5]]

    @property
    def top5conf(self) -> Array:
        """Their scores."""
        return _array(self._scores[:5])

    def __len__(self) -> int:
        return self._count

    def cpu(self) -> "Probs":
        return self

    def numpy(self) -> "Probs":
        return self

    def to(self, *args: Any, **kwargs: Any) -> "Probs":
        return self

    def __repr__(self) -> str:
        return f"Probs(top5={self.top5}, top5conf={self._scores[:5]})"


class Names(dict[int, str]):
    """Class id to label; an id that has none is its own label."""

    def __missing__(self, key: Any) -> str:
        return str(int(key))


class Results:
    """The answer to one picture.

    Which of ``boxes``, ``probs``, ``keypoints``, ``descriptors``, ``text`` and ``words`` there are depends on the model's
    task; the others are ``None``.

    ========================  =======================================================================
    detect                    ``boxes``
    classify                  ``probs``
    find_faces                ``boxes`` (one class, ``face``) and ``keypoints``
    recognize_faces           those and ``descriptors``, float32 (N, numbers)
    read_text                 ``text``, and ``words`` with their places
    ========================  =======================================================================
    """

    # What ultralytics has and these models do not give.
    masks = None
    obb = None

    def __init__(self, answer: Mapping[str, Any], *, names: Names, first_class: int, orig_shape: tuple[int, int],
                 picture: Callable[[], np.ndarray], path: str, decode_ms: float, frame: int | None = None) -> None:
        #: Class id to label.
        self.names = names
        #: (height, width) in pixels
        self.orig_shape = orig_shape
        #: The file, URL or video; ``image0.jpg`` for arrays.
        self.path = path
        #: The number of the frame of a video, from 0; ``None`` for pictures.
        self.frame = frame
        pre, infer, post = answer["times"]
        #: Milliseconds of each step.
        self.speed: dict[str, float] = {"decode": decode_ms, "preprocess": pre, "inference": infer, "postprocess": post}
        #: Where nothing was found: the label and score of what came nearest to the threshold.
        self.near_miss: tuple[str, float] | None = answer.get("near_miss")
        self._picture = picture
        self._orig_img: np.ndarray | None = None
        self.boxes: Boxes | None = None
        self.probs: Probs | None = None
        self.keypoints: Keypoints | None = None
        #: float32 (N, numbers): what sets each face apart; compare them with :meth:`Model.face_distance` only.
        self.descriptors: Array | None = None
        #: The whole text: blanks between words, a line break after each line, an empty line between paragraphs.
        self.text: str | None = None
        self.words: Words | None = None
        if "class_ids" in answer:
            self.probs = Probs(answer["class_ids"], answer["scores"], len(names), first_class)
        elif "text" in answer:
            self.text = answer["text"]
            self.words = Words(answer["boxes"], orig_shape, answer["words"], answer["places"])
        else:
            self.boxes = Boxes(answer["boxes"], orig_shape)
        if "landmarks" in answer:
            self.keypoints = Keypoints(answer["landmarks"], orig_shape)
            if answer["descriptors"].shape[1] > 0:
                self.descriptors = _array(answer["descriptors"])

    @property
    def orig_img(self) -> np.ndarray:
        """The picture, uint8 (height, width, 3) BGR. An array that was given is that very array."""
        if self._orig_img is None:
            self._orig_img = self._picture()
        return self._orig_img

    def __len__(self) -> int:
        for part in (self.boxes, self.probs, self.words):
            if part is not None:
                return len(part)
        return 0

    def __getitem__(self, index: Index) -> "Results":
        """The same with some of the boxes (and landmarks, descriptors), or words, only."""
        chosen = object.__new__(Results)
        chosen.__dict__.update(self.__dict__)
        if self.boxes is not None:
            chosen.boxes = self.boxes[index]
        if self.keypoints is not None:
            chosen.keypoints = self.keypoints[index]
        if self.descriptors is not None:
            chosen.descriptors = self.descriptors[_rows(index)]
        if self.words is not None:
            chosen.words = self.words[index]
            chosen.text = " ".join(chosen.words.text)
        return chosen

    def __iter__(self) -> Iterator["Results"]:
        parts = self.boxes if self.boxes is not None else self.words
        return (self[i] for i in range(len(parts) if parts is not None else 0))

    def cpu(self) -> "Results":
        return self

    def numpy(self) -> "Results":
        return self

    def to(self, *args: Any, **kwargs: Any) -> "Results":
        return self

    def _label(self, class_id: Any) -> str:
        return self.names[int(class_id)]

    def plot(self, *, line_width: float | None = None, font_size: float | None = None,
             img: np.ndarray | None = None, pil: bool = False) -> Any:
        """The picture with the answer drawn onto it: a new array uint8 (height, width, 3) BGR.

        ``line_width`` and ``font_size`` are pixels; by default they follow the picture's size. ``img`` is drawn on in place
        of the original. With ``pil`` it is a ``PIL.Image``.
        """
        canvas = self.orig_img if img is None else img
        style = (float(line_width or 0), float(font_size or 0))
        if self.probs is not None:
            ids = np.asarray(self.probs.top5, dtype=np.int32)
            drawn = _core.draw_classes(canvas, "bgr", ids, self.probs.top5conf.numpy(), [self._label(i) for i in ids], *style)
        elif self.words is not None:
            drawn = _core.draw_words(canvas, "bgr", self.words.data.numpy(), self.words.line.numpy(), *style)
        elif self.keypoints is not None:
            drawn = _core.draw_faces(canvas, "bgr", self._boxes_data(), self.keypoints.xy.numpy(), *style)
        else:
            labels = [self._label(i) for i in self._boxes_data()[:, 5]]
            drawn = _core.draw_boxes(canvas, "bgr", self._boxes_data(), labels, *style)
        if not pil:
            return drawn
        from PIL import Image  # only who asks for it needs it

        return Image.fromarray(np.ascontiguousarray(drawn[..., ::-1]))

    def _boxes_data(self) -> np.ndarray:
        return self.boxes.data.numpy() if self.boxes is not None else np.zeros((0, 6), dtype=np.float32)

    def save(self, filename: StrPath | None = None, **plot: Any) -> str:
        """Writes :meth:`plot` as PNG or JPEG, by the ending of the name, and returns the name.

        By default it is ``NAME.modelhub.png`` in the working folder. ``OSError`` when it cannot be written.
        """
        if filename is None:
            filename = os.path.splitext(os.path.basename(self.path.split("?")[0]) or "picture")[0] + ".modelhub.png"
        _core.save_picture(self.plot(**plot), "bgr", os.fsencode(filename))
        return os.fspath(filename)

    def save_crop(self, save_dir: StrPath, file_name: str | None = None) -> list[str]:
        """Writes each box of the picture into ``save_dir/LABEL/NAME-1.png`` and returns the names."""
        stem = file_name or os.path.splitext(os.path.basename(self.path.split("?")[0]) or "picture")[0]
        names = []
        for number, row in enumerate(self._boxes_data(), 1):
            left, top = np.floor(np.maximum(row[:2], 0)).astype(int)
            right, bottom = np.ceil(row[2:4]).astype(int)
            crop = self.orig_img[top:bottom, left:right]
            if crop.size == 0:
                continue
            label = "".join(c if c.isalnum() or c in "-_ " else "_" for c in self._label(row[5]))
            folder = os.path.join(os.fspath(save_dir), label)
            os.makedirs(folder, exist_ok=True)
            names.append(os.path.join(folder, f"{stem}-{number}.png"))
            _core.save_picture(crop, "bgr", os.fsencode(names[-1]))
        return names

    def summary(self, normalize: bool = False, decimals: int = 5) -> list[dict[str, Any]]:
        """The answer as plain Python: a list of dictionaries, as :meth:`to_json` writes them.

        ``normalize`` gives coordinates as parts of the picture's sides.
        """
        height, width = self.orig_shape if normalize else (1, 1)

        def box(row: Any) -> dict[str, float]:
            sides = (width, height, width, height)
            return {name: round(float(value) / side, decimals)
                    for name, value, side in zip(("x1", "y1", "x2", "y2"), row, sides)}

        if self.probs is not None:
            return [{"name": self._label(i), "class": i, "confidence": round(float(score), decimals)}
                    for i, score in zip(self.probs.top5, self.probs.top5conf)]
        if self.words is not None:
            rows = zip(self.words.text, self.words.data, self.words.line, self.words.paragraph, self.words.block)
            return [{"text": text, "confidence": round(float(row[4]), decimals), "box": box(row), "line": int(line),
                     "paragraph": int(paragraph), "block": int(block)} for text, row, line, paragraph, block in rows]
        items: list[dict[str, Any]] = []
        for i, row in enumerate(self._boxes_data()):
            item: dict[str, Any] = {"name": self._label(row[5]), "class": int(row[5]),
                                    "confidence": round(float(row[4]), decimals), "box": box(row)}
            if self.keypoints is not None:
                points = self.keypoints.xy[i]
                item["keypoints"] = {"x": [round(float(x) / width, decimals) for x in points[:, 0]],
                                     "y": [round(float(y) / height, decimals) for y in points[:, 1]]}
            if self.descriptors is not None:
                item["descriptor"] = [float(number) for number in self.descriptors[i]]
            items.append(item)
        return items

    def to_json(self, normalize: bool = False, decimals: int = 5) -> str:
        """:meth:`summary` as JSON."""
        return json.dumps(self.summary(normalize, decimals), indent=2, ensure_ascii=False)

    def to_supervision(self) -> Any:
        """A ``supervision.Detections``. ``TypeError`` for answers without boxes; needs the package supervision."""
        if self.boxes is None:
            raise TypeError("only answers with boxes become supervision.Detections; this one has "
                            + ("text" if self.words is not None else "classes"))
        import supervision

        return supervision.Detections.from_ultralytics(self)

    def verbose(self) -> str:
        """One line for people: ``4 persons, 1 bus``."""
        if self.probs is not None:
            return ", ".join(f"{self._label(i)} {float(score):.2f}"
                             for i, score in zip(self.probs.top5, self.probs.top5conf))
        if self.words is not None:
            return f"{len(self.words)} words"
        counts: dict[str, int] = {}
        for class_id in self._boxes_data()[:, 5]:
            label = self._label(class_id)
            counts[label] = counts.get(label, 0) + 1
        if not counts and self.near_miss is not None:
            return f"nothing found; best {self.near_miss[0]} {self.near_miss[1]:.2f}"
        return ", ".join(f"{n} {label}{'s' if n > 1 else ''}" for label, n in counts.items()) or "nothing found"

    def __repr__(self) -> str:
        return f"<Results of {self.path}, {self.orig_shape[1]} x {self.orig_shape[0]}: {self.verbose()}>"


__all__ = ["Array", "Boxes", "Keypoints", "Names", "Probs", "Results", "Words"]
