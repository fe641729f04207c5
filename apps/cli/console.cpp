// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include <nlohmann/json.hpp>

namespace modelhub::cli {
namespace {

constexpr std::size_t k_default_width = 80;
constexpr std::string_view k_red = "31;1";
constexpr std::string_view k_yellow = "33;1";
constexpr std::string_view k_cyan = "36";

bool wants_color() {
  const char* no_color = std::getenv("NO_COLOR");  // no-color.org: any value that is not empty
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* terminal = std::getenv("TERM");
  return terminal != nullptr && std::string_view(terminal) != "dumb" && isatty(STDERR_FILENO) == 1;
}

void write_line(std::FILE* stream, std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stream);
  std::fputc('\n', stream);
}

}  // namespace

Console::Console(Format format, Talk talk)
    : format_(format),
      talk_(talk),
      talk_is_terminal_(isatty(STDERR_FILENO) == 1),
      wants_color_(wants_color()) {}

void Console::print(std::string_view line) const { write_line(stdout, line); }

void Console::print_json(const nlohmann::ordered_json& document) const {
  // Names of files may hold bytes that are no UTF-8: replaced, never an exception.
  write_line(stdout,
             document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void Console::print_json_line(const nlohmann::ordered_json& document) const {
  write_line(stdout,
             document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

bool Console::flush() const { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

void Console::print_table(const std::vector<std::vector<std::string>>& rows) const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - columns_of(row[i]) + 2, ' ');
    }
    print(line);
  }
}

void Console::say(std::string_view line) const {
  if (talk_ == Talk::normal) write_line(stderr, line);
}

void Console::warn(std::string_view line) const {
  say(colored("warning: ", k_yellow) + std::string(line));
}

int Console::fail(const Error& error) const {
  const int code = exit_code_of(error);
  if (is_json()) {
    nlohmann::ordered_json document;
    document["error"] = {
        {"code", name_of(error.code)}, {"message", error.message}, {"hint", error.hint}};
    if (!error.context.empty()) document["error"]["context"] = error.context;
    write_line(stderr,
               document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return code;
  }
  std::string line = colored("error: ", k_red) + error.message;
  if (!error.context.empty()) line += "\n  while: " + error.context;
  if (!error.hint.empty()) line += "\n" + colored("hint: ", k_cyan) + error.hint;
  write_line(stderr, line);
  return code;
}

std::size_t Console::width() const {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return k_default_width;
}

std::string Console::colored(std::string_view text, std::string_view code) const {
  if (!wants_color_) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string fixed(double value, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string milliseconds(std::chrono::duration<double, std::milli> time) {
  return time.count() > 0 ? fixed(time.count(), time.count() < 10 ? 1 : 0) + " ms" : "-";
}

}  // namespace modelhub::cli
