# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Gets models onto this machine: the hub."""
from __future__ import annotations

import asyncio
import atexit
import logging
import os
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from . import _core, engine_libraries
from .errors import InvalidArgumentError, ModelNotFoundError, UnsupportedError, _make_error
from .metadata import FAMILY_RECIPES, DeviceType, ModelMetadata, ModelType, StrPath
from .model import Model, load_options
from .reports import (CacheStats, CleanupReport, Device, Engine, InstalledModel, Progress, PullPlan, RegisterReport,
                      RepairReport, SelfTestResult, TuneReport, VerifyReport, VersionInfo)

logger = logging.getLogger("model_hub")

ProgressCallback = Callable[[Progress], Any]
T = TypeVar("T")

_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING)

_core.set_error_factory(_make_error)
_core.set_log_handler(lambda level, message: logger.log(_LEVELS[level], "%s", message))

# How many forks lie behind this process. A hub of before a fork has no threads here and is opened anew.
_forks = 0
_hubs: weakref.WeakSet[ModelHub] = weakref.WeakSet()
_the_hub: ModelHub | None = None
_the_hub_lock = threading.Lock()


class ModelHub:
    """Downloads, verifies, versions, loads and removes models; keeps what is installed within a budget on the disk.

    Most programs want :func:`get_model_hub`: one hub for the process. What is not given here is taken from the environment,
    as the command line does (``MODELHUB_HOME``, ``MODELHUB_MIRRORS``, ``MODELHUB_OFFLINE``, ...).

    ``home``
        where models are kept; ``~/.omni_dev/models``. Any number of processes may share it.
    ``catalogs``
        documents (or folders of them) on top of the built-in catalog.
    ``mirrors``
        bases (https, http, file) with files under ``sha256/DIGEST``, tried first.
    ``offline``
        nothing is ever fetched.
    ``licenses``
        SPDX names that may be pulled; all by default.
    ``ca_file``, ``tokens`` (``{"https://host": token}``), ``token_file``
        for servers that want them.
    ``limit_rate`` (bytes a second), ``connections`` (1 to 16 for one file), ``download_deadline`` (seconds)
        of downloads.
    ``engine_path``
        folders with engine modules, searched before those of this package.
    ``engine_settings``
        ``{"onnxruntime.library_dir": ...}``; by default where the Python packages onnxruntime and openvino have their
        libraries.
    ``threads``
        of one inference; all cores by default.

    Every method may be called from any thread, and releases the GIL while it waits; Ctrl-C ends the waiting at once. After
    a fork the same object works in the child: it is opened anew there. It may be sent to a spawned process.
    """

    def __init__(self, home: StrPath | None = None, *, catalogs: Iterable[StrPath] | None = None,
                 mirrors: Iterable[str] | None = None, offline: bool | None = None, licenses: Iterable[str] | None = None,
                 ca_file: StrPath | None = None, tokens: Mapping[str, str] | None = None, token_file: StrPath | None = None,
                 limit_rate: int | None = None, connections: int | None = None, download_deadline: float | None = None,
                 engine_path: Iterable[StrPath] | None = None, engine_settings: Mapping[str, str] | None = None,
                 threads: int | None = None) -> None:
        self._options: dict[str, Any] = {
            "home": _path(home), "catalogs": _paths(catalogs), "mirrors": _list(mirrors), "offline": offline,
            "licenses": _list(licenses), "ca_file": _path(ca_file), "tokens": dict(tokens) if tokens else None,
            "token_file": _path(token_file), "limit_rate": limit_rate, "connections": connections,
            "download_deadline": download_deadline, "engine_path": _paths(engine_path),
            "engine_settings": dict(engine_settings) if engine_settings is not None else None, "threads": threads,
        }
        self._is_closed = False
        self._lock = threading.Lock()
        self._open()
        _hubs.add(self)

    def _open(self) -> None:
        options = dict(self._options)
        if options["engine_settings"] is None:
            options["engine_settings"] = engine_libraries.settings()
        core = _core.Hub(options)
        # The generation last: who sees it without the lock must find its hub.
        self._core = core
        self._generation = _forks

    def _alive_generation(self) -> int:
        """That of this process; opens the hub anew after a fork."""
        if self._generation != _forks:
            with self._lock:
                if self._generation != _forks and not self._is_closed:
                    self._open()
        return self._generation

    @property
    def _handle(self) -> _core.Hub:
        self._alive_generation()
        return self._core

    def __reduce__(self) -> Any:
        return _restore, (self is _the_hub, self._options)

    # --- what exists -------------------------------------------------------------------------------------------------

    @property
    def home(self) -> str:
        """The folder that holds the models."""
        return self._handle.home

    def list_available_models(self, model_type: ModelType | None = None) -> list[ModelMetadata]:
        """Every model of the catalog, and what is only installed; with what of each is installed. No network."""
        listing = self._handle.list()
        for problem in listing["broken"]:
            logger.warning("%s", problem)
        models = [_metadata(summary) for summary in listing["models"]]
        return [m for m in models if model_type is None or m.model_type == model_type]

    def search_models(self, text: str = "", *, task: str = "", license: str = "") -> list[ModelMetadata]:
        """Models whose name, alias, title or task has every word of ``text``."""
        return [_metadata(summary) for summary in self._handle.search(text, task, license)]

    def get_model_info(self, name: str) -> ModelMetadata:
        """One model, with the URL, digest and input size of what its default version brings.

        :class:`ModelNotFoundError` with what may have been meant.
        """
        entry = self._handle.show(name)
        versions = {version["version"]: version for version in entry["versions"]}
        default = next((v.version for v in self.list_versions(entry["name"]) if v.is_default), entry["default_version"])
        metadata = ModelMetadata(entry["name"], ModelType.of(entry["name"]), default, entry["title"], entry["task"],
                                 entry["license"], entry["homepage"], versions=tuple(versions))
        variants = versions.get(default, {"variants": []})["variants"]
        if variants:
            first = variants[0]
            metadata.size = first["bytes"]
            metadata.input_size = tuple(first["input_size"]) if any(first["input_size"]) else None
            metadata.labels = first["labels"] or None
            if first["files"]:
                metadata.sha256 = first["files"][0]["sha256"]
                metadata.url = next(iter(first["files"][0]["urls"]), None)
        metadata.installed = tuple(m.reference for m in self.list_installed_models() if m.name == metadata.name)
        return metadata

    def list_installed_models(self) -> list[InstalledModel]:
        """What lies in the home, whoever brought it there."""
        return [InstalledModel._of(model) for model in self._handle.installed()]

    def list_devices(self) -> list[Device]:
        """The processors of this machine; whether an engine can use them says :meth:`list_engines`."""
        return [Device._of(device) for device in self._handle.devices()]

    def list_engines(self) -> list[Engine]:
        """The engines that were found, and what each can use here."""
        return [Engine._of(engine) for engine in self._handle.engines()]

    # --- getting models ----------------------------------------------------------------------------------------------

    async def download_model(self, name: str, progress_callback: ProgressCallback | None = None) -> InstalledModel:
        """Installs a model; done at once when it is installed. Any number of callers cause one download.

        ``progress_callback`` is called with a :class:`Progress` in the thread of the event loop; what it raises ends the
        waiting. Cancelling the task cancels the download, unless others wait for it too; what was fetched by then is gone on
        with next time.

        Errors: :class:`ModelNotFoundError`, :class:`ChecksumMismatchError`, :class:`NoSpaceError`, :class:`OfflineError`,
        :class:`UnavailableError` and the others of a download.
        """
        return InstalledModel._of(await _awaited(self._handle.pull(name), progress_callback))

    def pull_model(self, name: str, progress_callback: ProgressCallback | None = None) -> InstalledModel:
        """As :meth:`download_model`, for programs without asyncio; the callback is called in this thread."""
        return InstalledModel._of(_waited(self._handle.pull(name), progress_callback))

    async def ensure_model_ready(self, name: StrPath, device: DeviceType | str = DeviceType.AUTO,
                                 progress_callback: ProgressCallback | None = None, **options: Any) -> Model:
        """Downloads a model if it is missing, plans the device and loads it: afterwards it answers at once.

        ``options`` are those of :class:`Model`. Cancelling the task cancels the work. Errors: as :class:`Model`.
        """
        load = load_options(device, **options)
        try:
            core = await _awaited(self._handle.ensure_ready(os.fsencode(name), load), progress_callback)
        except UnsupportedError as error:
            self._name_the_extra(error)
            raise
        return Model._of(self, name, load, core)

    def load_model(self, name: StrPath, device: DeviceType | str = DeviceType.AUTO,
                   progress_callback: ProgressCallback | None = None, **options: Any) -> Model:
        """As :meth:`ensure_model_ready`, for programs without asyncio; the callback is called in this thread."""
        load = load_options(device, **options)
        return Model._of(self, name, load, self._load(name, load, progress_callback))

    def _load(self, name: StrPath, options: dict[str, Any], progress: ProgressCallback | None) -> _core.Model:
        try:
            core: _core.Model = _waited(self._handle.ensure_ready(os.fsencode(name), options), progress)
        except UnsupportedError as error:
            self._name_the_extra(error)
            raise
        return core

    def _name_the_extra(self, error: UnsupportedError) -> None:
        usable = [engine.name for engine in self.list_engines() if engine.is_usable]
        error.hint = engine_libraries.extra_hint(error.message, usable) or error.hint

    def plan_model(self, name: StrPath, device: DeviceType | str = DeviceType.AUTO, **options: Any) -> PullPlan:
        """What :meth:`ensure_model_ready` would take: which variant and why, its licence, the bytes to fetch. No network."""
        load = load_options(device, **options)
        try:
            return PullPlan._of(self._handle.plan(os.fsencode(name), load))
        except UnsupportedError as error:
            self._name_the_extra(error)
            raise

    def unload_model(self, name: str = "") -> bool:
        """Gives the memory of a model back, however it was loaded; of all models without a name.

        Whether something was unloaded. :class:`BusyError` while it runs; :class:`ModelNotFoundError` for an unknown name.
        """
        report = self._handle.unload(name)
        if report["references"]:
            logger.debug("unloaded %s, %d bytes", ", ".join(report["references"]), report["bytes_returned"])
        return bool(report["references"])

    # --- what is installed -------------------------------------------------------------------------------------------

    def validate_model(self, name: str) -> bool:
        """Whether a model is installed and every byte of it is right: reads and hashes all of it.

        :class:`ModelNotFoundError` for a name that nobody knows. :meth:`verify_model` says what is wrong.
        """
        try:
            reports = self.verify_model(name)
        except ModelNotFoundError:
            self._handle.show(name.partition("@")[0])  # raises for an unknown name
            return False
        return all(report.is_whole for report in reports)

    def verify_model(self, name: str = "", *, full: bool = True) -> list[VerifyReport]:
        """Looks at the files of installed models, of all without a name. Without ``full`` only those are read whose
        stamps have changed."""
        return [VerifyReport._of(report) for report in self._handle.verify(name, full)]

    def repair_model(self, name: str = "", progress_callback: ProgressCallback | None = None) -> list[RepairReport]:
        """Fetches what is damaged, 4 MiB by 4 MiB; what is good is kept."""
        return [RepairReport._of(report) for report in _waited(self._handle.repair(name), progress_callback)]

    def remove_model(self, name: str) -> bool:
        """Removes every installed version of a model that the name matches. False when none is installed.

        :class:`BusyError` while somebody runs it; :class:`ModelNotFoundError` for a name that nobody knows;
        :class:`InvalidArgumentError` for a registered model that lies nowhere else: :meth:`forget_model` removes those.
        """
        try:
            self._handle.remove(name, False)
        except ModelNotFoundError:
            self._handle.show(name.partition("@")[0])
            return False
        return True

    def forget_model(self, name: str) -> None:
        """Removes a registered model for good: its files, and what the catalog knows of it."""
        self._handle.forget(name, False)

    def register_custom_model(self, metadata: ModelMetadata,
                              progress_callback: ProgressCallback | None = None) -> RegisterReport:
        """Makes a model like any other of a file of your own, or of a URL (``metadata.url``).

        What the file says of itself is read; what it does not say is taken from the metadata, and asked for by the error
        when it is missing there too: :class:`InvalidArgumentError`, :class:`UnsupportedError` for what is no model,
        :class:`ChecksumMismatchError`, those of a download.
        """
        if metadata.url is None:
            raise InvalidArgumentError(f"the metadata of {metadata.name} names no file", code="invalid_argument",
                                       subject="usage", hint="ModelMetadata(..., url=\"best.onnx\"), or an https:// URL")
        with tempfile.TemporaryDirectory(prefix="model_hub-") as folder:
            options = _register_options(metadata, folder)
            source = os.fsencode(metadata.url)
            try:
                report = _waited(self._handle.register_model(source, options), progress_callback)
            except InvalidArgumentError:
                recipe = FAMILY_RECIPES.get(metadata.model_type)
                if recipe is None or options["recipe"]:
                    raise
                options["recipe"] = recipe
                report = _waited(self._handle.register_model(source, options), progress_callback)
        return RegisterReport._of(report)

    def list_versions(self, name: str) -> list[VersionInfo]:
        """Every version that exists, newest first."""
        return [VersionInfo._of(version) for version in self._handle.versions(name)]

    def set_default_version(self, name: str, version: str | None) -> None:
        """What the plain name means from now on, for all who use this home; with ``None`` what the catalog says again."""
        if version is None:
            self._handle.clear_default(name)
        else:
            self._handle.set_default(f"{name}@{version}")

    def pin_model(self, name: str) -> list[str]:
        """Keeps what is installed of a model from being removed to make room."""
        return self._handle.pin(name)

    def unpin_model(self, name: str) -> list[str]:
        """Takes :meth:`pin_model` back. Both give the references that they were about."""
        return self._handle.unpin(name)

    # --- the disk ----------------------------------------------------------------------------------------------------

    def get_cache_stats(self) -> CacheStats:
        """What the home takes on disk."""
        return CacheStats._of(self._handle.cache())

    def cleanup_cache(self, max_bytes: int | None = None, *, dry_run: bool = False) -> CleanupReport:
        """Removes what nothing needs; with ``max_bytes`` models too, least recently used first, until no more is used.

        Never what is pinned or in use by any process.
        """
        return CleanupReport._of(self._handle.prune(dry_run, max_bytes))

    def set_cache_budget(self, max_bytes: int) -> None:
        """At most so much on the disk, from now on and for all who use this home. 10 GB by default."""
        self._handle.set_budget(max_bytes)

    # --- this machine ------------------------------------------------------------------------------------------------

    def self_test(self, *names: str, progress_callback: ProgressCallback | None = None) -> list[SelfTestResult]:
        """Lets models answer the catalog's pictures with each engine and device here; all that is installed by default."""
        results = _waited(self._handle.self_test(list(names)), progress_callback)
        return [SelfTestResult._of(result) for result in results]

    def tune(self, name: str, *, precision: str = "exact", picture: StrPath = "", variants: str = "installed",
             progress_callback: ProgressCallback | None = None) -> TuneReport:
        """Finds the fastest way to run a model on this machine that still answers right; later loads take it.

        ``variants="all"`` also pulls and compares the variants that are not installed."""
        job = self._handle.tune(name, precision, os.fsencode(picture), variants)
        return TuneReport._of(_waited(job, progress_callback))

    # --- the end -----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Cancels its downloads, unloads its models and ends its threads. What is called afterwards raises
        :class:`CancelledError`. The interpreter closes every hub when it ends."""
        self._is_closed = True
        self._core.close()

    def __enter__(self) -> "ModelHub":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"ModelHub({self._options['home'] or '~/.omni_dev/models'!r}{', closed' if self._is_closed else ''})"


def get_model_hub(**options: Any) -> ModelHub:
    """The hub of this process, opened by the first call.

    Options, those of :class:`ModelHub`, may be given by the first call only. Thread safe.
    """
    global _the_hub
    with _the_hub_lock:
        if _the_hub is None or _the_hub._is_closed:
            _the_hub = ModelHub(**options)
        elif options:
            raise InvalidArgumentError("the hub of this process is open already, with other options", code="invalid_argument",
                                       subject="usage", hint="give options to the first call, or make a ModelHub of your own")
        return _the_hub


def recipe_kinds() -> list[str]:
    """The kinds that ``ModelMetadata.recipe`` and ``Model(..., recipe=)`` know by a name of their own."""
    return _core.recipe_kinds()


# --- waiting ---------------------------------------------------------------------------------------------------------


def _waited(job: _core.Job, progress: ProgressCallback | None) -> Any:
    job.wait(None if progress is None else lambda values: progress(Progress._of(values)))
    return job.result()


async def _awaited(job: _core.Job, progress: ProgressCallback | None) -> Any:
    """Waits in the event loop, with no thread: the hub's callback thread wakes the loop."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def wake(call: Callable[[], None]) -> None:
        try:
            loop.call_soon_threadsafe(call)
        except RuntimeError:  # the loop was closed before the job ended: nobody waits any more
            pass

    def settle() -> None:
        if not done.done():
            done.set_result(None)

    job.when_done(lambda: wake(settle))
    if progress is not None:
        shown = _Shown(job, progress, done)

        def tell() -> None:
            if shown.ask():
                wake(shown.show)

        job.on_progress(tell)
    try:
        await done
    except BaseException:  # the task was cancelled or dropped, or the callback raised
        job.cancel()
        raise
    return job.result()


class _Shown:
    """At most one progress waits in the loop's queue: a slow loop sees the newest only."""

    def __init__(self, job: _core.Job, callback: ProgressCallback, done: asyncio.Future[None]) -> None:
        self._job = job
        self._callback = callback
        self._done = done
        self._is_asked = False

    def ask(self) -> bool:
        was_asked, self._is_asked = self._is_asked, True
        return not was_asked

    def show(self) -> None:
        self._is_asked = False
        if self._done.done():  # nobody waits any more
            return
        try:
            self._callback(Progress._of(self._job.progress()))
        except Exception as error:
            if self._done.done():  # by the callback itself, which has cancelled the task
                raise
            self._done.set_exception(error)


# --- options ---------------------------------------------------------------------------------------------------------


def _path(path: StrPath | None) -> bytes | None:
    return None if path is None else os.fsencode(os.path.expanduser(path))


def _paths(paths: Iterable[StrPath] | None) -> list[bytes] | None:
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    return None if paths is None else [os.fsencode(os.path.expanduser(path)) for path in paths]


def _list(texts: Iterable[str] | None) -> list[str] | None:
    return None if texts is None else [texts] if isinstance(texts, str) else list(texts)


def _metadata(summary: Mapping[str, Any]) -> ModelMetadata:
    return ModelMetadata(summary["name"], ModelType.of(summary["name"]), summary["default_version"], summary["title"],
                         summary["task"], summary["license"], size=summary["bytes"], versions=tuple(summary["versions"]),
                         installed=tuple(summary["installed"]))


def _register_options(metadata: ModelMetadata, folder: str) -> dict[str, Any]:
    labels = metadata.labels
    if labels is not None and not isinstance(labels, (str, os.PathLike)):
        path = os.path.join(folder, "labels.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{label}\n" for label in labels)
        labels = path
    size = metadata.input_size
    width, height = (size, size) if isinstance(size, int) else size or (0, 0)
    return {
        "name": metadata.name, "version": metadata.version, "license": metadata.license, "sha256": metadata.sha256,
        "recipe": metadata.recipe, "labels": None if labels is None else os.fsencode(labels), "width": width,
        "height": height, "color": metadata.color, "scale": metadata.scale, "mean": list(metadata.mean),
        "std": list(metadata.std),
    }


# --- processes -------------------------------------------------------------------------------------------------------


def _restore(is_the_hub: bool, options: dict[str, Any]) -> ModelHub:
    """What a pickled hub becomes: the hub of the process it comes to, or one like it."""
    if is_the_hub:
        with _the_hub_lock:
            if _the_hub is not None and not _the_hub._is_closed:
                return _the_hub
        return get_model_hub(**{key: value for key, value in options.items() if value is not None})
    return ModelHub(**options)


def _begin_child() -> None:
    """In the child of a fork, where no other thread is: locks that others held are made anew."""
    global _forks, _the_hub_lock
    _forks += 1
    _the_hub_lock = threading.Lock()
    _core.begin_child()
    for hub in list(_hubs):
        hub._lock = threading.Lock()


def _end_process() -> None:
    """Before the interpreter ends: no thread of a hub may come back to it afterwards."""
    _core.begin_exit()
    for hub in list(_hubs):
        if hub._generation == _forks:
            hub.close()


os.register_at_fork(after_in_child=_begin_child)
atexit.register(_end_process)

__all__ = ["ModelHub", "ProgressCallback", "get_model_hub", "recipe_kinds"]
