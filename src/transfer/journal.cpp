// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/journal.h"

#include <charconv>
#include <optional>

#include "base/hasher.h"
#include "transfer/chunks.h"

namespace modelhub::transfer {
namespace {

constexpr std::string_view k_first_word = "modelhub-journal";
constexpr std::string_view k_journal_version = "1";
// Of a file of 800 GB; one that claims to be larger was not written by us.
constexpr ByteCount k_max_journal_bytes{16 * 1024 * 1024};
constexpr std::uint32_t k_journal_permissions = 0644;

Error bad_journal(std::string_view why) {
  return {ErrorCode::corrupt_data, Subject::store,
          "the journal of a partial file " + std::string(why)};
}

// The part up to the next `separator`, which is taken off with it.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::optional<std::uint64_t> to_count(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failed != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

// What a value must not hold, so that it stays one line.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) line += c;
  }
  return line;
}

bool take_chunk(Journal& journal, std::string_view value) {
  const std::optional<std::uint64_t> index = to_count(take_until(value, ' '));
  const Result<Digest> digest = Digest::parse(value);
  if (!index || !digest || *index >= chunk_count(journal.bytes.count())) return false;
  return journal.chunks.emplace(static_cast<std::size_t>(*index), *digest).second;
}

bool take_unproved(Journal& journal, std::string_view value) {
  const std::optional<std::uint64_t> from = to_count(take_until(value, ' '));
  const std::optional<std::uint64_t> to = to_count(value);
  if (!from || !to || *from >= *to || *to > journal.bytes.count()) return false;
  journal.unproved.add({*from, *to});
  return true;
}

// A line that this version does not know says nothing to it.
bool take_line(Journal& journal, std::string_view line) {
  const std::string_view key = take_until(line, ' ');
  if (key == "source") journal.source = one_line(line);
  if (key == "validator") journal.validator = one_line(line);
  if (key == "boot") journal.boot = one_line(line);
  if (key == "chunk") return take_chunk(journal, line);
  if (key == "unproved") return take_unproved(journal, line);
  return true;
}

// Takes the last line off, which proves that the others are whole.
bool is_sealed(std::string_view& text) {
  constexpr std::size_t k_seal_bytes = 4 + 64 + 1;  // "end ", 64 digits, a new line
  if (text.size() < k_seal_bytes || !text.ends_with('\n')) return false;
  std::string_view seal = text.substr(text.size() - k_seal_bytes);
  text.remove_suffix(k_seal_bytes);
  seal.remove_suffix(1);
  return text.ends_with('\n') && seal == "end " + base::sha256_of(text).hex();
}

Result<Journal> read_journal(base::FileSystem& files, const std::string& path) {
  Result<std::string> text = base::read_whole_file(files, path, k_max_journal_bytes);
  if (!text) return std::move(text).error();
  return Journal::parse(*text);
}

std::string passing_path(const std::string& path, std::uint64_t turn) {
  return path + (turn % 2 == 0 ? "-passing-0" : "-passing-1");
}

}  // namespace

std::string Journal::to_text() const {
  std::string text;
  text.reserve(512 + chunks.size() * 80);
  text.append(k_first_word).append(" ").append(k_journal_version).append("\n");
  text += "digest " + digest.hex() + "\n";
  text += "bytes " + std::to_string(bytes.count()) + "\n";
  if (!source.empty()) text += "source " + one_line(source) + "\n";
  if (!validator.empty()) text += "validator " + one_line(validator) + "\n";
  if (!boot.empty()) text += "boot " + one_line(boot) + "\n";
  for (const auto& [index, chunk] : chunks) {
    text += "chunk " + std::to_string(index) + " " + chunk.hex() + "\n";
  }
  for (const auto& [from, to] : unproved.ranges()) {
    text += "unproved " + std::to_string(from) + " " + std::to_string(to) + "\n";
  }
  return text + "end " + base::sha256_of(text).hex() + "\n";
}

Result<Journal> Journal::parse(std::string_view text) {
  std::string_view rest = text;
  std::string_view first = take_until(rest, '\n');
  if (take_until(first, ' ') != k_first_word) return bad_journal("has another beginning");
  if (first != k_journal_version) {
    return Error(ErrorCode::unsupported, Subject::store,
                 "the journal of a partial file has version " + std::string(first.substr(0, 20)) +
                     "; this modelhub reads " + std::string(k_journal_version));
  }
  if (!is_sealed(text)) return bad_journal("is torn");
  rest = text.substr(text.find('\n') + 1);
  std::string_view digest_line = take_until(rest, '\n');
  std::string_view bytes_line = take_until(rest, '\n');
  if (take_until(digest_line, ' ') != "digest" || take_until(bytes_line, ' ') != "bytes") {
    return bad_journal("does not say of what");
  }
  const Result<Digest> digest = Digest::parse(digest_line);
  const std::optional<std::uint64_t> bytes = to_count(bytes_line);
  if (!digest || !bytes || *bytes == 0) return bad_journal("does not say of what");
  Journal journal{*digest, ByteCount(*bytes), {}, {}, {}, {}};
  while (!rest.empty()) {
    const std::string_view line = take_until(rest, '\n');
    if (!take_line(journal, line)) {
      return bad_journal("has the line \"" + one_line(line.substr(0, 100)) + "\"");
    }
  }
  return journal;
}

std::uint64_t Journal::claimed() const {
  std::uint64_t sum = unproved.total();
  for (const auto& [index, chunk] : chunks) sum += chunk_range(index, bytes.count()).size();
  return sum;
}

Result<Journal> load_journal(base::FileSystem& files, const std::string& path) {
  Result<Journal> best = read_journal(files, path);
  const std::string boot = files.boot();
  for (std::uint64_t turn = 0; turn < 2; ++turn) {
    Result<Journal> passing = read_journal(files, passing_path(path, turn));
    if (!passing || boot.empty() || passing->boot != boot) continue;
    if (!best || passing->claimed() > best->claimed()) best = std::move(passing);
  }
  return best;
}

bool has_journal(base::FileSystem& files, const std::string& path) {
  return files.stat(path) || files.stat(passing_path(path, 0));
}

Result<void> save_journal(base::FileSystem& files, const std::string& path,
                          const Journal& journal) {
  return base::write_file_atomically(files, path, journal.to_text(), k_journal_permissions);
}

// In place: a rename would wait for the disk, as the sync does that is under way (ext4 has the new
// file's blocks allocated before; up to 40 ms with `strace -T`).
Result<void> save_passing_journal(base::FileSystem& files, const std::string& path,
                                  const Journal& journal, std::uint64_t turn) {
  const std::string place = passing_path(path, turn);
  const std::string text = journal.to_text();
  Result<std::unique_ptr<base::WritableFile>> file =
      files.create(place, base::CreateMode::append, k_journal_permissions);
  if (!file) return std::move(file).error();
  Result<void> done = (*file)->write_at(0, std::as_bytes(std::span(text.data(), text.size())));
  if (!done) return done;
  const Result<base::FileStat> stat = files.stat(place);
  if (stat && stat->size.count() > text.size()) done = (*file)->truncate(text.size());
  return done ? (*file)->close() : std::move(done);
}

void remove_journals(base::FileSystem& files, const std::string& path) {
  // Nobody takes what they claim for right.
  (void)files.remove_file(path);
  for (std::uint64_t turn = 0; turn < 2; ++turn) (void)files.remove_file(passing_path(path, turn));
}

}  // namespace modelhub::transfer
