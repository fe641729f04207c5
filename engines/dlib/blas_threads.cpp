// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "blas_threads.h"

#include <dlfcn.h>

#include <cstdlib>
#include <memory>
#include <mutex>

extern "C" {
// There if, and only if, the BLAS that dlib is linked with is OpenBLAS.
__attribute__((weak)) void openblas_set_num_threads(int count);
__attribute__((weak)) int openblas_get_num_threads(void);
// Any BLAS has it. Declared without its parameters, because only its place is of interest.
__attribute__((weak)) void cblas_sgemm(void);
}

namespace modelhub::dlib_engine {
namespace {

struct Shared {
  std::mutex mutex;
  int holders = 0;  // guarded by mutex
  int before = 0;   // guarded by mutex; the number of threads when there was no holder
};

// Never destroyed: a model may be run while the process exits.
Shared& shared() {
  static Shared* const the_one = new Shared;
  return *the_one;
}

bool has_openblas() {
  return openblas_set_num_threads != nullptr && openblas_get_num_threads != nullptr;
}

}  // namespace

Blas find_blas() {
  Blas blas;
  blas.is_openblas = has_openblas();
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&cblas_sgemm), &info) == 0 || info.dli_fname == nullptr) {
    return blas;
  }
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(info.dli_fname, nullptr),
                                                         &std::free);
  blas.path = real ? real.get() : info.dli_fname;
  blas.is_reference = blas.path.find("/blas/libblas.so") != std::string::npos;
  return blas;
}

BlasThreads::BlasThreads(int threads) : is_bound_(threads > 0 && has_openblas()) {
  if (!is_bound_) return;
  const std::lock_guard<std::mutex> lock(shared().mutex);
  if (shared().holders++ == 0) shared().before = openblas_get_num_threads();
  openblas_set_num_threads(threads);
}

BlasThreads::~BlasThreads() {
  if (!is_bound_) return;
  const std::lock_guard<std::mutex> lock(shared().mutex);
  if (--shared().holders == 0) openblas_set_num_threads(shared().before);
}

}  // namespace modelhub::dlib_engine
