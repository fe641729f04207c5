// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "console.h"
#include <modelhub/progress.h>

namespace modelhub::cli {

// The text of a bar for a terminal of this many columns: never longer than width - 1, so that no
// terminal wraps it. What matters least is left out first: ETA, rate, the bar itself, the name's
// end.
std::string render_progress(const Progress& progress, std::size_t width);

// One line on standard error, drawn again in place. Draws nothing when standard error is no
// terminal; removes itself at the end, so that what stays on the screen is the result.
class ProgressBar {
 public:
  explicit ProgressBar(const Console& console) : console_(console) {}
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void draw(const Progress& progress);
  void clear();

 private:
  const Console& console_;
  bool is_drawn_ = false;
};

}  // namespace modelhub::cli
