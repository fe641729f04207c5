// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace modelhub::dlib_engine {

// The library behind dlib's matrices, as the system chooses it (update-alternatives).
struct Blas {
  bool is_openblas = false;
  bool is_reference = false;  // Debian's libblas3, many times slower
  std::string path;           // empty when the system does not say
};
Blas find_blas();

// While one lives, OpenBLAS uses at most so many threads. OpenBLAS keeps one number for the whole
// process: where several live at once the last one decides, and when the last one goes, the number
// is what it was before. Other libraries are left alone.
//
// Thread safety: from any thread.
class BlasThreads {
 public:
  // 0: as OpenBLAS likes.
  explicit BlasThreads(int threads);
  ~BlasThreads();
  BlasThreads(const BlasThreads&) = delete;
  BlasThreads& operator=(const BlasThreads&) = delete;

 private:
  const bool is_bound_;
};

}  // namespace modelhub::dlib_engine
