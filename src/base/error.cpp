// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/error.h"

#include <array>

namespace modelhub {
namespace {

// How a code shows at each face. A row with a subject wins over the row of the same code without
// one.
struct Face {
  ErrorCode code;
  Subject subject;  // Subject::other: any subject
  std::string_view name;
  int exit_code;
  int http_status;
  std::string_view python;
};

constexpr std::array k_faces = {
    Face{ErrorCode::invalid_argument, Subject::usage, "invalid_argument", 2, 400, "ValueError"},
    Face{ErrorCode::invalid_argument, Subject::other, "invalid_argument", 1, 400, "ValueError"},
    Face{ErrorCode::not_found, Subject::model, "not_found", 3, 404, "KeyError"},
    Face{ErrorCode::not_found, Subject::network, "not_found", 4, 502, "ConnectionError"},
    Face{ErrorCode::not_found, Subject::store, "not_found", 6, 500, "FileNotFoundError"},
    Face{ErrorCode::not_found, Subject::device, "not_found", 7, 404, "LookupError"},
    Face{ErrorCode::not_found, Subject::engine, "not_found", 7, 404, "LookupError"},
    Face{ErrorCode::not_found, Subject::remote_input, "not_found", 3, 404, "FileNotFoundError"},
    Face{ErrorCode::not_found, Subject::other, "not_found", 1, 400, "FileNotFoundError"},
    Face{ErrorCode::unauthorized, Subject::other, "unauthorized", 4, 502, "PermissionError"},
    Face{ErrorCode::unavailable, Subject::other, "unavailable", 4, 503, "ConnectionError"},
    Face{ErrorCode::timed_out, Subject::other, "timed_out", 4, 504, "TimeoutError"},
    Face{ErrorCode::cancelled, Subject::other, "cancelled", 130, 499, "InterruptedError"},
    Face{ErrorCode::offline, Subject::other, "offline", 8, 503, "ConnectionError"},
    Face{ErrorCode::checksum_mismatch, Subject::other, "checksum_mismatch", 5, 502, "ValueError"},
    Face{ErrorCode::corrupt_data, Subject::input, "corrupt_data", 1, 400, "ValueError"},
    Face{ErrorCode::corrupt_data, Subject::catalog, "corrupt_data", 1, 500, "ValueError"},
    Face{ErrorCode::corrupt_data, Subject::other, "corrupt_data", 5, 500, "ValueError"},
    Face{ErrorCode::no_space, Subject::other, "no_space", 6, 507, "OSError"},
    Face{ErrorCode::io_error, Subject::input, "io_error", 1, 400, "OSError"},
    Face{ErrorCode::io_error, Subject::network, "io_error", 4, 502, "ConnectionError"},
    Face{ErrorCode::io_error, Subject::store, "io_error", 6, 500, "OSError"},
    Face{ErrorCode::io_error, Subject::other, "io_error", 1, 500, "OSError"},
    Face{ErrorCode::busy, Subject::store, "busy", 6, 409, "BlockingIOError"},
    Face{ErrorCode::busy, Subject::other, "busy", 1, 409, "BlockingIOError"},
    Face{ErrorCode::unsupported, Subject::input, "unsupported", 1, 415, "ValueError"},
    Face{ErrorCode::unsupported, Subject::store, "unsupported", 6, 500, "OSError"},
    Face{ErrorCode::unsupported, Subject::catalog, "unsupported", 1, 500, "ValueError"},
    Face{ErrorCode::unsupported, Subject::network, "unsupported", 4, 502, "ConnectionError"},
    Face{ErrorCode::unsupported, Subject::other, "unsupported", 7, 501, "RuntimeError"},
    Face{ErrorCode::out_of_memory, Subject::other, "out_of_memory", 1, 507, "MemoryError"},
    Face{ErrorCode::internal, Subject::other, "internal", 1, 500, "RuntimeError"},
};

const Face& face_of(ErrorCode code, Subject subject) {
  const Face* general = &k_faces.back();
  for (const Face& face : k_faces) {
    if (face.code != code) continue;
    if (face.subject == subject) return face;
    if (face.subject == Subject::other) general = &face;
  }
  return *general;
}

}  // namespace

Error Error::with_context(std::string_view what) && {
  context = context.empty() ? std::string(what) : std::string(what) + " > " + context;
  return std::move(*this);
}

Error Error::with_hint(std::string hint_text) && {
  if (hint.empty()) hint = std::move(hint_text);
  return std::move(*this);
}

Error Error::as_retryable() && {
  retryable = true;
  return std::move(*this);
}

std::string Error::to_string() const {
  std::string text = message;
  if (!context.empty()) text += " (" + context + ")";
  if (!hint.empty()) text += "\nhint: " + hint;
  return text;
}

Exception::Exception(Error error)
    : std::runtime_error(error.to_string()), error_(std::move(error)) {}

std::string_view name_of(ErrorCode code) { return face_of(code, Subject::other).name; }
int exit_code_of(const Error& error) { return face_of(error.code, error.subject).exit_code; }
int http_status_of(const Error& error) { return face_of(error.code, error.subject).http_status; }
std::string_view python_exception_of(const Error& error) {
  return face_of(error.code, error.subject).python;
}

}  // namespace modelhub
