// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "modelhub/export.h"

namespace modelhub MODELHUB_API {

// What went wrong, as a closed set. A caller may switch over it; new codes come with a new major
// version.
enum class ErrorCode {
  invalid_argument,   // the caller's value can never work: a bad name, option or document
  not_found,          // the named thing does not exist
  unauthorized,       // the server wants credentials, or refuses those given
  unavailable,        // the other side cannot serve now; see Error::retryable
  timed_out,          // a deadline passed
  cancelled,          // somebody asked to stop
  offline,            // the network is switched off by request and the thing is not installed
  checksum_mismatch,  // bytes arrived or lie on disk that are not the catalogued ones
  corrupt_data,       // a document, picture or model that cannot be what it claims to be
  no_space,           // the disk or the budget is full
  io_error,           // the file system refused
  busy,               // in use by somebody; trying later may work
  unsupported,        // understood, but not possible with this build, machine or model
  out_of_memory,      // memory was refused
  internal,           // a bug in modelhub: please report it
};

// What the error is about. With the code it decides the exit code, the HTTP status and the Python
// exception.
enum class Subject {
  other,
  usage,         // the command line or the arguments of a call
  input,         // a picture or another input of the user
  model,         // a model, version, variant or one of its files
  catalog,       // a catalog document
  network,       // a URL, a server, a proxy
  store,         // the model store on disk
  device,        // a device of this machine
  engine,        // an inference engine
  remote_input,  // an input of the user that a URL names, where the server has no such thing
};

// The one error currency of modelhub: a value that says what happened, to what, and what to do
// next.
//
// Thread safety: a value; safe as any std::string.
struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::internal;
  Subject subject = Subject::other;
  // one sentence that names the thing: file, URL without credentials, both digests
  std::string message;
  // what was being done, outermost first, " > " between: "pull yolov8n@8.4.0 > fetch a.onnx"
  std::string context;
  std::string hint;        // the next thing to do or type; empty when there is none
  bool retryable = false;  // the same call may succeed later without any change

  Error() = default;
  Error(ErrorCode c, Subject s, std::string m, std::string h = {})
      : code(c), subject(s), message(std::move(m)), hint(std::move(h)) {}

  // Returns the error with `what` put before the context.
  Error with_context(std::string_view what) &&;
  // Returns the error with this hint if it has none yet.
  Error with_hint(std::string hint_text) &&;
  Error as_retryable() &&;

  // "message (context)" then, on a line of its own, "hint: ...".
  std::string to_string() const;
};

// Thrown by Result::value() only; everything else returns Result.
class Exception : public std::runtime_error {
 public:
  explicit Exception(Error error);
  const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

// Stable names for logs, JSON and the Python module: "checksum_mismatch".
std::string_view name_of(ErrorCode code);

// How an error shows at each face of modelhub. One table in error.cpp is the only place that knows.
int exit_code_of(const Error& error);                      // 1..8, 130; docs/cli.md
int http_status_of(const Error& error);                    // 400..599
std::string_view python_exception_of(const Error& error);  // name of a built-in Python exception

}  // namespace MODELHUB_API
