// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// Finds and describes faces with dlib: docs/engines.md says which files it takes.

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include <dlib/revision.h>

#include "blas_threads.h"
#include "face_session.h"
#include "modelhub/engine_module.h"

namespace modelhub::dlib_engine {
namespace {

using engine_module::Failure;
using engine_module::Host;
using engine_module::LoadRequest;
using engine_module::Probe;

constexpr std::uint64_t k_mebibyte = 1 << 20;

// Of this machine, or of the container that this process is in.
std::uint64_t machine_memory() {
  const std::uint64_t all = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                            static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::uint64_t limit = 0;
  std::ifstream file("/sys/fs/cgroup/memory.max");  // a number, or "max"
  return file >> limit ? std::min(all, limit) : all;
}

// Half of the memory that there is, or what the setting memory_mib says.
std::uint64_t memory_limit(const Host& host) {
  const std::optional<std::string> text = host.setting("memory_mib");
  if (!text) return machine_memory() / 2;
  std::uint64_t mebibytes = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, failure] = std::from_chars(text->data(), end, mebibytes);
  if (failure != std::errc() || stop != end || mebibytes == 0 || mebibytes > UINT64_MAX >> 20) {
    throw Failure(MH_INVALID_ARGUMENT, MH_ABOUT_ENGINE,
                  "the setting dlib.memory_mib is '" + *text + "', not a number of MiB",
                  "give it a whole number above 0, such as 4096");
  }
  return mebibytes * k_mebibyte;
}

class DlibEngine final : public engine_module::Engine {
 public:
  explicit DlibEngine(const Host& host) : host_(host), memory_bytes_(memory_limit(host)) {}

  Probe probe() override {
    return {std::to_string(DLIB_MAJOR_VERSION) + "." + std::to_string(DLIB_MINOR_VERSION) + "." +
                std::to_string(DLIB_PATCH_VERSION),
            {"dlib"},
            {{"cpu:0", true, ""}},
            MH_ONE_AT_A_TIME};
  }

  std::unique_ptr<engine_module::Session> load(const LoadRequest& request) override {
    if (request.device != "cpu:0") {
      throw Failure(MH_UNSUPPORTED, MH_ABOUT_DEVICE,
                    "the dlib engine runs models on cpu:0, not on " + request.device);
    }
    tell_blas();
    return FaceSession::load(request, memory_bytes_);
  }

 private:
  void tell_blas() const {
    const Blas blas = find_blas();
    const std::string path = blas.path.empty() ? "a library of its own" : blas.path;
    if (blas.is_reference) {
      host_.log(MH_LOG_WARNING, "dlib computes with " + path +
                                    ", which is many times slower than OpenBLAS: apt install "
                                    "libopenblas0-pthread");
    } else {
      host_.log(MH_LOG_DEBUG, "dlib computes with " + path);
    }
  }

  const Host host_;
  const std::uint64_t memory_bytes_;
};

}  // namespace
}  // namespace modelhub::dlib_engine

MODELHUB_ENGINE_MODULE("dlib", modelhub::dlib_engine::DlibEngine)
