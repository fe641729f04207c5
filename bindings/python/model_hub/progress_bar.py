# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""A bar for those who want one: ``pip install 'modelhub-vision[progress]'``."""
from __future__ import annotations

from typing import Any

from .reports import Progress


class progress_bar:  # noqa: N801  (used like tqdm)
    """Shows the progress of a download with tqdm.

        with progress_bar() as bar:
            hub.pull_model("yolox_s", bar)

    Keyword arguments go to ``tqdm.auto.tqdm``.
    """

    def __init__(self, **options: Any) -> None:
        from tqdm.auto import tqdm  # type: ignore[import-untyped,unused-ignore]

        self._bar = tqdm(**{"unit": "B", "unit_scale": True, "unit_divisor": 1000, "leave": False, **options})
        self._phase = ""

    def __call__(self, progress: Progress) -> None:
        if progress.phase != self._phase:
            self._phase = progress.phase
            self._bar.reset()
            self._bar.set_description(f"{progress.subject} {progress.phase}".strip(), refresh=False)
        self._bar.total = progress.bytes_total or None
        self._bar.n = progress.bytes_done
        self._bar.refresh()

    def close(self) -> None:
        self._bar.close()

    def __enter__(self) -> "progress_bar":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
