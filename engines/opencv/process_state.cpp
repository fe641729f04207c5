// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "process_state.h"

#include <dlfcn.h>

#include <condition_variable>
#include <mutex>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>

namespace modelhub::opencv_engine {
namespace {

namespace logging = cv::utils::logging;

thread_local std::string t_complaint;

// google::protobuf::SetLogHandler of protobuf 3, which prints to stderr when a text cannot be
// parsed. OpenCV may be linked with it or have a copy inside, out of reach; the module itself has
// no other use for it.
using ProtobufLogHandler = void(int level, const char* file, int line, const std::string& message);
using SetProtobufLogHandler = ProtobufLogHandler*(ProtobufLogHandler*);
constexpr const char* k_set_protobuf_log_handler =
    "_ZN6google8protobuf13SetLogHandlerEPFvNS0_8LogLevelEPKciRKNSt7__cxx1112basic_stringIcSt11char_"
    "traitsIcESaIcEEEE";

void keep_complaint(int, const char*, int, const std::string& message) {
  if (t_complaint.empty()) t_complaint = message;
}

// Looks among the libraries that this module was linked with, which are nobody else's.
SetProtobufLogHandler* find_protobuf() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&find_protobuf), &info) == 0) return nullptr;
  void* const self = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  if (self == nullptr) return nullptr;
  void* const found = dlsym(self, k_set_protobuf_log_handler);
  dlclose(self);
  return reinterpret_cast<SetProtobufLogHandler*>(found);
}

// Errors are thrown as well, so nothing is lost.
int ignore_error(int, const char*, const char*, const char*, int, void*) { return 0; }

struct Shared {
  std::mutex turnstile;  // those who want in, one after the other
  std::mutex mutex;
  std::condition_variable left;
  int inside = 0;     // guarded by mutex
  int threads = 0;    // of those inside; guarded by mutex
  int borrowers = 0;  // guarded by mutex
  // Of the program, to be put back; all guarded by mutex.
  int program_threads = 0;
  logging::LogLevel program_level = logging::LOG_LEVEL_INFO;
  cv::ErrorCallback program_callback = nullptr;
  void* program_callback_data = nullptr;
  ProtobufLogHandler* program_protobuf_handler = nullptr;

  SetProtobufLogHandler* const set_protobuf_handler = find_protobuf();

  void silence() {
    program_level = logging::setLogLevel(logging::LOG_LEVEL_SILENT);
    program_callback = cv::redirectError(&ignore_error, nullptr, &program_callback_data);
    if (set_protobuf_handler != nullptr)
      program_protobuf_handler = set_protobuf_handler(&keep_complaint);
  }
  void unsilence() const {
    if (set_protobuf_handler != nullptr) set_protobuf_handler(program_protobuf_handler);
    cv::redirectError(program_callback, program_callback_data);
    logging::setLogLevel(program_level);
  }
};

// Never destroyed: a thread may be inside while the process exits.
Shared& shared() {
  static Shared* const the_one = new Shared;
  return *the_one;
}

}  // namespace

ThreadsBorrowed::ThreadsBorrowed() {
  const std::lock_guard<std::mutex> lock(shared().mutex);
  if (shared().borrowers++ == 0) shared().program_threads = cv::getNumThreads();
}

ThreadsBorrowed::~ThreadsBorrowed() {
  const std::lock_guard<std::mutex> lock(shared().mutex);
  if (--shared().borrowers == 0 && cv::getNumThreads() != shared().program_threads)
    cv::setNumThreads(shared().program_threads);
}

InsideOpenCv::InsideOpenCv(int threads) {
  Shared& state = shared();
  t_complaint.clear();
  const std::lock_guard<std::mutex> turn(state.turnstile);
  std::unique_lock<std::mutex> lock(state.mutex);
  state.left.wait(lock, [&] { return state.inside == 0 || state.threads == threads; });
  if (state.inside == 0) {
    state.silence();
    state.threads = threads;
    // Only when it changes: OpenCV throws its threads away and starts others.
    if (cv::getNumThreads() != threads) cv::setNumThreads(threads);
  }
  ++state.inside;
}

InsideOpenCv::~InsideOpenCv() {
  Shared& state = shared();
  {
    const std::lock_guard<std::mutex> lock(state.mutex);
    if (--state.inside > 0) return;
    state.unsilence();
  }
  state.left.notify_all();
}

const std::string& InsideOpenCv::complaint() const { return t_complaint; }

}  // namespace modelhub::opencv_engine
