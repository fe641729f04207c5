// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace modelhub::opencv_engine {

// OpenCV keeps four things once for a whole process that an engine needs in its own way: the number
// of threads, the level of its log, the handler of its errors, and that of protobuf's. A program
// that uses modelhub may use OpenCV too, so that they are changed for as short as can be and then
// put back.

// For as long as one is there: whatever number of threads OpenCV had before is put back with the
// last one. Each session holds one: setting the number anew for each run would throw away OpenCV's
// threads each time.
//
// Thread safety: from any thread.
class ThreadsBorrowed {
 public:
  ThreadsBorrowed();
  ~ThreadsBorrowed();
  ThreadsBorrowed(const ThreadsBorrowed&) = delete;
  ThreadsBorrowed& operator=(const ThreadsBorrowed&) = delete;
};

// The time that a call spends inside OpenCV: it has the wanted number of threads and prints
// nothing. Calls that want the same number run side by side; one that wants another waits until
// these have left, and those that come later wait behind it.
//
// Thread safety: from any thread; to be left by the thread that entered.
// REQUIRES:      a ThreadsBorrowed is there.
class InsideOpenCv {
 public:
  explicit InsideOpenCv(int threads);
  ~InsideOpenCv();
  InsideOpenCv(const InsideOpenCv&) = delete;
  InsideOpenCv& operator=(const InsideOpenCv&) = delete;

  // What protobuf complained about on this thread since it entered; empty when it did not, or
  // OpenCV has a protobuf of its own, which keeps its complaints.
  const std::string& complaint() const;
};

}  // namespace modelhub::opencv_engine
