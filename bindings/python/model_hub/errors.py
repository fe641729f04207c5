# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""The exceptions of model_hub.

Every one is a :class:`ModelHubError` and, besides, the built-in exception that a Python program would expect: a model that
is not known is a ``KeyError``, a full disk an ``OSError``. Which is which stands in one table of the C++ library; the
classes here only give its rows names.

Each error carries ``code`` (a closed set of names, as in ``--json`` of the command line), ``message``, ``hint`` (the next
thing to do; may be empty), ``context`` (what was being done), ``subject`` (what it is about) and ``retryable``.
"""
from __future__ import annotations

import re
from typing import Any


class ModelHubError(Exception):
    """What all exceptions of this package have in common."""

    def __init__(self, message: str = "", *, code: str = "internal", context: str = "", hint: str = "",
                 subject: str = "other", retryable: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.context = context
        self.hint = hint
        self.subject = subject
        #: The same call may succeed later without any change.
        self.retryable = retryable

    def __str__(self) -> str:
        text = self.message
        if self.context:
            text += f" ({self.context})"
        if self.hint:
            text += f"\nhint: {self.hint}"
        return text

    def __reduce__(self) -> Any:
        details = {"code": self.code, "context": self.context, "hint": self.hint, "subject": self.subject,
                   "retryable": self.retryable}
        return _rebuild, (type(self), self.message, details)


def _rebuild(cls: type[ModelHubError], message: str, details: dict[str, Any]) -> ModelHubError:
    return cls(message, **details)


class InvalidArgumentError(ModelHubError, ValueError):
    """A value that can never work: a bad name, option, array or document."""


class NotFoundError(ModelHubError):
    """The named thing does not exist."""


class ModelNotFoundError(NotFoundError, KeyError):
    """No model, version or variant of that name; or it is not installed. The hint says what may have been meant."""


class InputNotFoundError(NotFoundError, FileNotFoundError):
    """A picture, video or file that is not there, on this machine or at its URL."""


class DeviceNotFoundError(NotFoundError, LookupError):
    """A device or an engine that this machine does not have."""


class SourceNotFoundError(NotFoundError, ConnectionError):
    """The server that a model comes from does not have it."""


class UnauthorizedError(ModelHubError, PermissionError):
    """The server wants a token, or refuses the given one."""


class UnavailableError(ModelHubError, ConnectionError):
    """The other side cannot serve now."""


class TimedOutError(ModelHubError, TimeoutError):
    """A deadline passed."""


class CancelledError(ModelHubError, InterruptedError):
    """Somebody closed the hub, or cancelled the work. (A cancelled asyncio task raises ``asyncio.CancelledError``.)"""


class OfflineError(ModelHubError, ConnectionError):
    """The network is switched off by request, and the model is not installed."""


class ChecksumMismatchError(ModelHubError, ValueError):
    """Bytes that are not the catalogued ones. Nothing of them was installed."""


class CorruptDataError(ModelHubError, ValueError):
    """A picture, document or model that cannot be what it claims to be."""


class NoSpaceError(ModelHubError, OSError):
    """The disk, or the budget of the home, is full."""


class StorageError(ModelHubError, OSError):
    """The file system refused."""


class TransferError(ModelHubError, ConnectionError):
    """The network failed in the middle of a transfer."""


class BusyError(ModelHubError, BlockingIOError):
    """In use by somebody; later it may work."""


class UnsupportedError(ModelHubError):
    """Understood, but not possible with this build, machine or model."""


class CannotRunError(UnsupportedError, RuntimeError):
    """No engine or device here can run the model; the message says what each lacks, the hint what to install."""


class UnsupportedInputError(UnsupportedError, ValueError):
    """A picture or document in a form that is not read."""


class UnsupportedStoreError(UnsupportedError, OSError):
    """The home has a layout that this version does not know."""


class UnsupportedSourceError(UnsupportedError, ConnectionError):
    """A URL or an answer of a server that is not understood."""


class OutOfMemoryError(ModelHubError, MemoryError):
    """Memory was refused."""


class InternalError(ModelHubError, RuntimeError):
    """A bug in modelhub: please report it."""


#: The class for a row of the table: its code and its built-in exception.
_CLASSES: dict[tuple[str, str], type[ModelHubError]] = {
    ("invalid_argument", "ValueError"): InvalidArgumentError,
    ("not_found", "KeyError"): ModelNotFoundError,
    ("not_found", "FileNotFoundError"): InputNotFoundError,
    ("not_found", "LookupError"): DeviceNotFoundError,
    ("not_found", "ConnectionError"): SourceNotFoundError,
    ("unauthorized", "PermissionError"): UnauthorizedError,
    ("unavailable", "ConnectionError"): UnavailableError,
    ("timed_out", "TimeoutError"): TimedOutError,
    ("cancelled", "InterruptedError"): CancelledError,
    ("offline", "ConnectionError"): OfflineError,
    ("checksum_mismatch", "ValueError"): ChecksumMismatchError,
    ("corrupt_data", "ValueError"): CorruptDataError,
    ("no_space", "OSError"): NoSpaceError,
    ("io_error", "OSError"): StorageError,
    ("io_error", "ConnectionError"): TransferError,
    ("busy", "BlockingIOError"): BusyError,
    ("unsupported", "RuntimeError"): CannotRunError,
    ("unsupported", "ValueError"): UnsupportedInputError,
    ("unsupported", "OSError"): UnsupportedStoreError,
    ("unsupported", "ConnectionError"): UnsupportedSourceError,
    ("out_of_memory", "MemoryError"): OutOfMemoryError,
    ("internal", "RuntimeError"): InternalError,
}


# The hints of the library are those of the command line: what its commands and options are called here.
_NAME = r"([\w@.:-]*[\w])"
_COMMANDS = [(re.compile(f"'?modelhub {command}'?"), call) for command, call in (
    ("list --installed", "list_installed_models()"), ("list", "list_available_models()"), ("devices", "list_devices()"),
    ("doctor", "list_engines()"), (f"versions {_NAME}", r"list_versions('\1')"), (f"pull {_NAME}", r"pull_model('\1')"),
    (f"unpin {_NAME}", r"unpin_model('\1')"), (f"rm --forget {_NAME}", r"forget_model('\1')"),
    (f"rm {_NAME}", r"remove_model('\1')"), ("prune --to 0", "cleanup_cache(0)"),
    (r"cache budget(?: \d+\w+)?", "set_cache_budget()"), ("verify --full", "verify_model()"),
)]
_OPTIONS = {"cacert": "ca_file", "deadline": "download_deadline", "mirror": "mirrors", "size": "width=, height"}
_OPTION = re.compile("--(cacert|color|deadline|device|home|labels|license|mean|mirror|name|offline|picture|recipe|scale|size|std)"
                     r"\b(?: (auto|cpu|gpu|cuda:\d+|end2end|rgb|yolov8)\b| (?:DIR|FILE|ID|KIND|WIDTHxHEIGHT)\b)?")


def _option_here(found: re.Match[str]) -> str:
    name, value = _OPTIONS.get(found[1], found[1]), found[2]
    return "offline=True" if name == "offline" else f"{name}='{value}'" if value else f"{name}="


def _hint_here(hint: str) -> str:
    for command, call in _COMMANDS:
        hint = command.sub(call, hint)
    return _OPTION.sub(_option_here, hint)


def _make_error(code: str, builtin: str, message: str, context: str, hint: str, subject: str,
                retryable: bool) -> ModelHubError:
    """The exception for an error of the library; the extension module calls it."""
    cls = _CLASSES.get((code, builtin), ModelHubError)
    return cls(message, code=code, context=context, hint=_hint_here(hint), subject=subject, retryable=retryable)


__all__ = ["BusyError", "CancelledError", "CannotRunError", "ChecksumMismatchError", "CorruptDataError",
           "DeviceNotFoundError", "InputNotFoundError", "InternalError", "InvalidArgumentError", "ModelHubError",
           "ModelNotFoundError", "NoSpaceError", "NotFoundError", "OfflineError", "OutOfMemoryError",
           "SourceNotFoundError", "StorageError", "TimedOutError", "TransferError", "UnauthorizedError",
           "UnavailableError", "UnsupportedError", "UnsupportedInputError", "UnsupportedSourceError",
           "UnsupportedStoreError"]
