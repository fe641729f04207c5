// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "traineddata.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <system_error>
#include <vector>

namespace modelhub::tesseract_engine {
namespace {

using engine_module::Failure;

// The places of the parts in the table at the head of the file.
enum Part : std::size_t {
  legacy_characters = 1,
  legacy_shapes = 3,
  network = 17,
  punctuation = 18,
  words = 19,
  numbers = 20,
  characters = 21,
  recoder = 22,
};
constexpr std::int32_t k_most_parts = 1000;  // as Tesseract has it

Failure foreign(const std::string& name) {
  return Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL,
                 name +
                     " is no traineddata file of Tesseract: it does not begin with the table of "
                     "its parts",
                 "verify the model's files, or pull it again");
}

// The parts lie one behind the other right behind the table; an absent one has the offset -1.
std::vector<std::string_view> parts_of(std::string_view bytes, const std::string& name) {
  ByteReader reader(bytes);
  std::int32_t count = 0;
  if (!reader.read(count) || count < 1 || count > k_most_parts) throw foreign(name);
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(count));
  for (std::int64_t& offset : offsets) {
    if (!reader.read(offset)) throw foreign(name);
  }
  auto end = static_cast<std::int64_t>(bytes.size());
  const std::int64_t first = end - static_cast<std::int64_t>(reader.left());
  std::vector<std::string_view> parts(offsets.size());
  for (std::size_t i = offsets.size(); i-- > 0;) {
    if (offsets[i] == -1) continue;
    if (offsets[i] < first) throw foreign(name);
    if (offsets[i] > end) {
      throw damaged(name, "it is cut short: a part of it would begin at byte " +
                              std::to_string(offsets[i]) + " of " + std::to_string(bytes.size()));
    }
    parts[i] = bytes.substr(static_cast<std::size_t>(offsets[i]),
                            static_cast<std::size_t>(end - offsets[i]));
    end = offsets[i];
  }
  if (end != first) throw foreign(name);
  parts.resize(std::max<std::size_t>(parts.size(), recoder + 1));
  return parts;
}

}  // namespace

Failure damaged(const std::string& name, const std::string& what) {
  return Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL, name + " is damaged: " + what,
                 "verify the model's files, or pull it again");
}

std::string read_file(const engine_module::File& file) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file.path, error);
  if (error) {
    throw Failure(MH_IO_ERROR, MH_ABOUT_MODEL, file.name + " cannot be read: " + error.message());
  }
  if (size == 0) throw damaged(file.name, "it is empty");
  // Tesseract counts its bytes in an int.
  if (size > std::numeric_limits<std::int32_t>::max()) {
    throw Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                  file.name + " is larger than 2 GB, which no traineddata file is");
  }
  std::string bytes(size, '\0');
  std::ifstream in(file.path, std::ios::binary);
  if (!in.read(bytes.data(), static_cast<std::streamsize>(size)))
    throw Failure(MH_IO_ERROR, MH_ABOUT_MODEL, file.name + " cannot be read");
  return bytes;
}

TrainedData open_traineddata(std::string_view bytes, const std::string& name) {
  const std::vector<std::string_view> parts = parts_of(bytes, name);
  if (parts[network].empty() && !parts[legacy_characters].empty() &&
      !parts[legacy_shapes].empty()) {
    throw Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                  name +
                      " has the data of Tesseract's older recogniser only, and that of lines "
                      "(LSTM) is needed",
                  "take the file of tessdata_fast or tessdata_best, version 4.0 or newer");
  }
  if (parts[network].empty()) throw damaged(name, "it has no recogniser of lines");
  if (parts[characters].empty() || parts[recoder].empty()) {
    throw Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                  name +
                      " was made by a Tesseract before 4.0.0: its characters are no part of "
                      "their own",
                  "take the file of tessdata_fast or tessdata_best, version 4.0 or newer");
  }
  return {parts[network],
          parts[characters],
          parts[recoder],
          {parts[punctuation], parts[words], parts[numbers]}};
}

}  // namespace modelhub::tesseract_engine
