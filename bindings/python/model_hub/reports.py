# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""What calls of the hub answer: plain values. Sizes are bytes, durations milliseconds where the name ends in ``_ms``."""
from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

T = TypeVar("T", bound="_Report")


class _Report:
    """Made of a dictionary of the extension module; a key that this version does not know is passed over."""

    @classmethod
    def _of(cls: type[T], values: Mapping[str, Any]) -> T:
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        return cls(**{key: cls._convert(key, value) for key, value in values.items() if key in known})

    @classmethod
    def _convert(cls, key: str, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


def _time(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


class Progress(float):
    """How far a job is: a number from 0 to 1 of its current phase, with the details.

    ``f"{progress:.0%}"`` is what a bar shows. Bytes count the current phase only.
    """

    #: ``queued``, ``resolving``, ``downloading``, ``verifying``, ``publishing``, ``loading``, ``testing``, ``finished``
    phase: str
    #: What is worked on: ``yolox_s@0.1.1:onnx-fp32``.
    subject: str
    bytes_done: int
    #: 0 when unknown
    bytes_total: int
    #: Over the last seconds; 0 when unknown.
    bytes_per_second: float
    #: Seconds; ``None`` when unknown.
    eta: float | None

    @classmethod
    def _of(cls, values: Mapping[str, Any]) -> "Progress":
        total = values["bytes_total"]
        progress = cls(min(values["bytes_done"] / total, 1.0) if total else 0.0)
        progress.__dict__.update(values)
        return progress


@dataclass(frozen=True)
class InstalledFile(_Report):
    """One file of an installed model."""

    name: str
    role: str
    bytes: int
    sha256: str
    #: Where its bytes lie: immutable, not named like the file.
    path: str


@dataclass(frozen=True)
class InstalledModel(_Report):
    """A model whose files lie in the home. They matched their digests when they were published."""

    reference: str
    name: str
    version: str
    variant: str
    task: str
    license: str
    format: str
    key: str
    bytes: int
    files: tuple[InstalledFile, ...]
    sources: tuple[str, ...]
    installed_at: datetime.datetime
    last_used: datetime.datetime

    @property
    def path(self) -> str:
        """Where the first file of the model lies."""
        return self.files[0].path

    @classmethod
    def _convert(cls, key: str, value: Any) -> Any:
        if key == "files":
            return tuple(InstalledFile._of(file) for file in value)
        return _time(value) if key in ("installed_at", "last_used") else super()._convert(key, value)


@dataclass(frozen=True)
class VariantCandidate(_Report):
    variant: str
    format: str
    usable: bool
    #: Why not; empty when usable.
    reason: str
    #: The engines that can run it, whether they are here or not.
    needs: tuple[str, ...]


@dataclass(frozen=True)
class PullPlan(_Report):
    """What getting a model ready would take."""

    reference: str
    title: str
    license: str
    is_installed: bool
    bytes_total: int
    #: Of the files that are not here yet; those of its stages not among them.
    bytes_to_fetch: int
    #: Of the models that it works with (a recogniser's detector).
    stages: tuple[PullPlan, ...]
    #: The variants of its version, best first, and why the others were not taken.
    candidates: tuple[VariantCandidate, ...]
    #: Of a file of your own: what it says of itself and what is taken for granted.
    assumptions: tuple[str, ...]

    @classmethod
    def _convert(cls, key: str, value: Any) -> Any:
        if key == "stages":
            return tuple(PullPlan._of(stage) for stage in value)
        if key == "candidates":
            return tuple(VariantCandidate._of(candidate) for candidate in value)
        return super()._convert(key, value)


@dataclass(frozen=True)
class VerifiedFile(_Report):
    name: str
    path: str
    #: ``ok``, ``missing``, ``wrong_size``, ``digest_differs``, ``unreadable``
    verdict: str
    expected_sha256: str
    found_sha256: str | None
    #: A sentence that says what is wrong; empty when ok.
    detail: str


@dataclass(frozen=True)
class VerifyReport(_Report):
    """What verification found about one installed model."""

    reference: str
    is_whole: bool
    #: Bytes that were read again; 0 when the stamps were enough.
    bytes_hashed: int
    files: tuple[VerifiedFile, ...]

    @classmethod
    def _convert(cls, key: str, value: Any) -> Any:
        return tuple(VerifiedFile._of(file) for file in value) if key == "files" else value


@dataclass(frozen=True)
class RepairReport(_Report):
    reference: str
    #: Files that were damaged, by their names in the model.
    damaged: tuple[str, ...]
    bytes_checked: int
    bytes_received: int
    bytes_reused: int


@dataclass(frozen=True)
class RegisterReport(_Report):
    reference: str
    model: InstalledModel
    #: The same bytes were registered under this name and version before: nothing was changed.
    was_registered: bool
    #: It came from a URL without a digest: nobody has vouched for what arrived.
    is_trusted_on_first_use: bool
    #: The catalog document that knows it from now on.
    document: str
    #: What was read from the file and what was taken for granted.
    assumptions: tuple[str, ...]

    @classmethod
    def _convert(cls, key: str, value: Any) -> Any:
        return InstalledModel._of(value) if key == "model" else super()._convert(key, value)


@dataclass(frozen=True)
class VersionInfo(_Report):
    version: str
    released: str
    #: What the plain name means.
    is_default: bool
    #: And it is the user who said so.
    is_users_choice: bool
    variants: tuple[str, ...]
    installed: tuple[str, ...]
    installed_bytes: int


@dataclass(frozen=True)
class CacheStats(_Report):
    """What the home takes on disk, in bytes, as the budget counts it."""

    budget: int
    used: int
    #: Promised to running downloads.
    reserved: int
    free_on_disk: int
    #: Number of installed models.
    models: int
    broken_manifests: int
    blobs: int
    saved_by_sharing: int
    pinned: int
    #: In use by a process now.
    leased: int
    #: Would go if room were needed.
    evictable: int
    quarantine: int
    derived: int
    partials: int
    unnamed: int
    local: int
    #: How often an installed model was used in place of a download, and the bytes that did not have to be fetched.
    hits: int
    bytes_saved: int


@dataclass(frozen=True)
class CleanedItem(_Report):
    #: ``quarantine``, ``derived``, ``partial``, ``unnamed``, ``model``
    kind: str
    what: str
    bytes: int


@dataclass(frozen=True)
class CleanupReport(_Report):
    #: In the order in which they went.
    items: tuple[CleanedItem, ...]
    freed: int
    #: Afterwards.
    used: int

    @classmethod
    def _convert(cls, key: str, value: Any) -> Any:
        return tuple(CleanedItem._of(item) for item in value) if key == "items" else value


@dataclass(frozen=True)
class Device(_Report):
    #: ``cpu:0``, ``cuda:0``
    id: str
    kind: str
    name: str
    #: Threads that this process may run at once; 0 for what is no CPU.
    cores: int
    memory_total: int
    memory_free: int
    features: tuple[str, ...]


@dataclass(frozen=True)
class EngineDevice(_Report):
    device: str
    usable: bool
    #: Why not. When usable: empty, or what only a load can tell.
    reason: str


@dataclass(frozen=True)
class Engine(_Report):
    """A module that runs models, and what it can use here."""

    name: str
    version: str
    path: str
    formats: tuple[str, ...]
    devices: tuple[EngineDevice, ...]
    #: Why it cannot be used; empty when it can.
    problem: str

    @property
    def is_usable(self) -> bool:
        return any(device.usable for device in self.devices)

    @classmethod
    def _convert(cls, key: str, value: Any) -> Any:
        if key == "devices":
            return tuple(EngineDevice._of(device) for device in value)
        return super()._convert(key, value)


@dataclass(frozen=True)
class DeviceCandidate(_Report):
    device: str
    engine: str
    engine_version: str
    #: ``chosen``, ``usable``, ``rejected``
    verdict: str
    reason: str


@dataclass(frozen=True)
class LoadReport(_Report):
    """How a model was loaded, and why so."""

    #: ``onnxruntime 1.32.0``
    engine: str
    #: The device that really runs it, told by the engine.
    device: str
    load_ms: float
    #: By how much the process grew.
    memory: int
    requested: str
    #: A fallback that was taken, each with its reason.
    warnings: tuple[str, ...]
    #: What tuning found; empty when it did not decide.
    tuned: str
    candidates: tuple[DeviceCandidate, ...]

    @classmethod
    def _convert(cls, key: str, value: Any) -> Any:
        if key == "candidates":
            return tuple(DeviceCandidate._of(candidate) for candidate in value)
        return super()._convert(key, value)


@dataclass(frozen=True)
class SelfTestResult(_Report):
    """One variant of a model on one device with one engine: whether it answers the catalog's picture right."""

    model: str
    engine: str
    engine_version: str
    device: str
    #: ``right``, ``wrong``, ``refused``, ``failed``, ``unchecked``
    verdict: str
    remark: str
    error: str | None
    load_ms: float
    run_ms: float


@dataclass(frozen=True)
class TuneCandidate(_Report):
    variant: str
    #: Empty for a variant that no engine came to.
    engine: str
    engine_version: str
    device: str
    precision: str
    threads: int
    is_default: bool
    #: ``chosen``, ``slower``, ``wrong``, ``refused``, ``failed``, ``skipped``
    verdict: str
    remark: str
    run_ms: float
    load_ms: float
    memory: int


@dataclass(frozen=True)
class TuneReport(_Report):
    model: str
    picture: str
    rounds: int
    candidates: tuple[TuneCandidate, ...]
    #: Index into ``candidates``; ``None`` when none answers right.
    chosen: int | None
    #: With its variant, which loads of the plain name take from now on; empty when none answers right.
    chosen_model: str
    reason: str
    #: Why the result could not be kept for later loads; ``None`` when it was.
    not_kept: str | None

    @classmethod
    def _convert(cls, key: str, value: Any) -> Any:
        return tuple(TuneCandidate._of(candidate) for candidate in value) if key == "candidates" else value


@dataclass(frozen=True)
class TensorInfo(_Report):
    name: str
    dtype: str
    #: ``None`` where the model leaves a side open.
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class FaceMatch:
    """The entry of a gallery that is nearest to a face."""

    name: str
    index: int
    distance: float
    #: By how much the nearest entry of any other name is farther away; ``None`` when all have one name.
    margin: float | None
    #: The distance is within the model's threshold.
    is_same_person: bool


__all__ = ["CacheStats", "CleanedItem", "CleanupReport", "Device", "DeviceCandidate", "Engine", "EngineDevice",
           "FaceMatch", "InstalledFile", "InstalledModel", "LoadReport", "Progress", "PullPlan", "RegisterReport",
           "RepairReport", "SelfTestResult", "TensorInfo", "TuneCandidate", "TuneReport", "VariantCandidate",
           "VerifiedFile", "VerifyReport", "VersionInfo"]
