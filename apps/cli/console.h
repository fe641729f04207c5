// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <modelhub/error.h>

namespace modelhub::cli {

enum class Format { text, json };
enum class Talk { normal, quiet };

// The one place that writes to standard output (data) and standard error (talk), and that knows the
// terminal.
class Console {
 public:
  Console(Format format, Talk talk);

  Format format() const { return format_; }
  bool is_json() const { return format_ == Format::json; }

  // Data, for standard output.
  void print(std::string_view line) const;
  void print_json(const nlohmann::ordered_json& document) const;
  // On one line.
  void print_json_line(const nlohmann::ordered_json& document) const;
  // What was printed goes to its reader now. False when the reader has gone.
  bool flush() const;
  // Rows with columns padded to the widest cell; the first row is the heading. The last column is
  // not padded.
  void print_table(const std::vector<std::vector<std::string>>& rows) const;

  // For the person in front: standard error, unless --quiet.
  void say(std::string_view line) const;
  void warn(std::string_view line) const;
  // Prints the error (as JSON when the data is JSON) and returns its exit code.
  int fail(const Error& error) const;

  // Whether a progress bar can be drawn, how wide the terminal is, and whether it wants colours
  // (NO_COLOR, TERM=dumb).
  bool can_draw() const { return talk_ == Talk::normal && talk_is_terminal_; }
  std::size_t width() const;

 private:
  std::string colored(std::string_view text, std::string_view code) const;

  const Format format_;
  const Talk talk_;
  const bool talk_is_terminal_;
  const bool wants_color_;
};

// How many columns a UTF-8 text takes: code points, counting combining marks and wide letters as
// one.
std::size_t columns_of(std::string_view text);

// "%.*f", because g++ 12 has no std::format.
std::string fixed(double value, int decimals);
// "8.7 ms", "127 ms"; "-" for what was not measured.
std::string milliseconds(std::chrono::duration<double, std::milli> time);

}  // namespace modelhub::cli
