// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "progress_bar.h"

#include <algorithm>
#include <cstdio>

#include <modelhub/byte_count.h>

namespace modelhub::cli {
namespace {

constexpr std::size_t k_min_bar = 10;
constexpr std::size_t k_max_bar = 40;

std::string shorten(const std::string& text, std::size_t columns) {
  if (columns_of(text) <= columns) return text;
  std::string cut;
  for (std::size_t i = 0, used = 0; i < text.size(); ++i) {
    const bool starts_letter = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
    if (starts_letter && ++used > columns) break;
    cut += text[i];
  }
  return cut;
}

std::string duration_text(std::chrono::seconds left) {
  const auto seconds = left.count();
  if (seconds < 60) return std::to_string(seconds) + " s";
  if (seconds < 3600)
    return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
  return std::to_string(seconds / 3600) + " h " + std::to_string(seconds % 3600 / 60) + " min";
}

std::string bar_of(double part, std::size_t columns) {
  const std::size_t inner = columns - 2;
  const auto full = std::min(inner, static_cast<std::size_t>(part * static_cast<double>(inner)));
  return "[" + std::string(full, '#') + std::string(inner - full, '.') + "]";
}

}  // namespace

std::string render_progress(const Progress& progress, std::size_t width) {
  const std::size_t room = width > 1 ? width - 1 : 1;
  std::string head = std::string(name_of(progress.phase));
  if (!progress.subject.empty()) head += " " + progress.subject;
  if (progress.phase != Phase::downloading || progress.bytes_total == 0) return shorten(head, room);

  const double part = std::min(
      1.0, static_cast<double>(progress.bytes_done) / static_cast<double>(progress.bytes_total));
  const std::string percent = "  " + std::to_string(static_cast<int>(part * 100)) + "%";
  const std::string size = "  " + ByteCount(progress.bytes_done).to_string() + " of " +
                           ByteCount(progress.bytes_total).to_string();
  const std::string rate =
      progress.bytes_per_second > 0
          ? "  " + ByteCount(static_cast<std::uint64_t>(progress.bytes_per_second)).to_string() +
                "/s"
          : "";
  const std::string eta = progress.eta ? "  " + duration_text(*progress.eta) + " left" : "";

  std::string tail = percent;
  for (const std::string& more : {size, rate, eta}) {
    // The name keeps at least half of a narrow terminal.
    if (columns_of(tail) + columns_of(more) + std::min(columns_of(head), room / 2) > room) break;
    tail += more;
  }
  head = shorten(head, room - std::min(room, columns_of(tail)));
  const std::size_t left = room - std::min(room, columns_of(head) + columns_of(tail));
  if (left >= k_min_bar + 2) head += "  " + bar_of(part, std::min(left - 2, k_max_bar));
  return shorten(head + tail, room);
}

void ProgressBar::draw(const Progress& progress) {
  if (!console_.can_draw()) return;
  const std::string line = "\r\x1b[K" + render_progress(progress, console_.width());
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
  is_drawn_ = true;
}

void ProgressBar::clear() {
  if (!is_drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  is_drawn_ = false;
}

}  // namespace modelhub::cli
