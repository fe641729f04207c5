// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "line_recogniser.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>
#include <vector>

namespace modelhub::tesseract_engine {
namespace {

using engine_module::Failure;

// What a layer takes and gives for each step.
struct Sides {
  std::int32_t inputs = 0;
  std::int32_t outputs = 0;
};

// A matrix as it lies in the file: a row for each output, a column for each input and one more.
struct Matrix {
  std::int32_t rows = 0;
  std::int32_t columns = 0;
};

struct LayerHead {
  std::string_view kind;
  std::uint32_t flags = 0;
  Sides sides;
};

constexpr std::int32_t k_most_side = 1 << 20;
constexpr int k_deepest = 32;
constexpr std::int32_t k_longest_code = 9;

// Walks through the layers of the network, in the order of the file.
class NetworkWalk {
 public:
  NetworkWalk(std::string_view bytes, const std::string& name) : reader_(bytes), name_(name) {}

  // Also what stands behind the layers. `null` is the output that means no character.
  Sides walk(std::int32_t& null) {
    const Sides sides = layer(0);
    require(has_input_, "its network has no layer for the picture");
    constexpr std::uint64_t k_counters = 3 * sizeof(std::int32_t);
    constexpr std::uint64_t k_rates = 3 * sizeof(float);
    const bool is_whole =
        skip_text() && reader_.skip(k_counters) && reader_.read(null) && reader_.skip(k_rates);
    require(is_whole, "its network is cut short");
    return sides;
  }

 private:
  void require(bool is_right, const char* what) const {
    if (!is_right) throw damaged(name_, what);
  }

  bool take_text(std::string_view& text) {
    std::uint32_t length = 0;
    return reader_.read(length) && reader_.take(length, text);
  }
  bool skip_text() {
    std::string_view ignored;
    return take_text(ignored);
  }

  std::int32_t side(const char* what) {
    std::int32_t value = 0;
    require(reader_.read(value) && value >= 0 && value <= k_most_side, what);
    return value;
  }

  LayerHead head() {
    LayerHead head;
    std::int8_t number = 0;
    std::int8_t is_training = 0;
    std::int8_t needs_backprop = 0;
    require(reader_.read(number) && number == 0 && take_text(head.kind) &&
                reader_.read(is_training) && reader_.read(needs_backprop) &&
                reader_.read(head.flags),
            "a layer of its network cannot be read");
    if (is_training == 1) {
      throw Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL, name_ + " is a checkpoint of a training",
                    "finish it: lstmtraining --stop_training");
    }
    head.sides.inputs = side("a layer of its network has an impossible size");
    head.sides.outputs = side("a layer of its network has an impossible size");
    require(reader_.skip(sizeof(std::int32_t)) && skip_text(),
            "a layer of its network cannot be read");
    return head;
  }

  // Its sides are those that Tesseract will give it.
  Sides layer(int depth) {
    require(depth < k_deepest, "the layers of its network are nested too deeply");
    const LayerHead head = this->head();
    const std::string_view kind = head.kind;
    if (kind == "Input") return input(head);
    require(has_input_ || is_group(kind), "its network does not begin with the picture");
    if (is_group(kind)) return group(head, depth);
    if (kind == "Convolve") return convolve(head);
    if (kind == "Maxpool" || kind == "Reconfig") return reconfig(head);
    if (kind == "LSTM" || kind == "SummLSTM") return lstm(head);
    if (is_full(kind)) return full(head);
    throw Failure(
        MH_UNSUPPORTED, MH_ABOUT_MODEL,
        name_ + " has a layer of the kind '" + printable(kind) + "', which is not known here",
        "verify the model's files, or take the file of tessdata_fast");
  }

  static bool is_one_of(std::string_view kind, std::initializer_list<std::string_view> kinds) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  }
  static bool is_reversed(std::string_view kind) {
    return is_one_of(kind, {"RTLReversed", "TTBReversed", "XYTranspose"});
  }
  static bool is_group(std::string_view kind) {
    return is_reversed(kind) || is_one_of(kind, {"Series", "Parallel", "Replicated", "ParBidiLSTM",
                                                 "DepParUDLSTM", "Par2dLSTM"});
  }
  static bool is_full(std::string_view kind) {
    return is_one_of(kind, {"Logistic", "LinLogistic", "LinTanh", "Tanh", "Relu", "Linear",
                            "Softmax", "SoftmaxNoCTC"});
  }
  static std::string printable(std::string_view text) {
    std::string out(text.substr(0, 40));
    std::replace_if(
        out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7F; }, '?');
    return out;
  }

  Sides input(const LayerHead& head) {
    // Pictures at once, height, width (0: any), colours, and the kind of loss.
    std::int32_t shape[5] = {};
    for (std::int32_t& value : shape)
      require(reader_.read(value), "the layer for the picture is cut short");
    const bool is_line = shape[0] == 1 && shape[1] > 0 && shape[1] <= 512 && shape[2] == 0 &&
                         (shape[3] == 1 || shape[3] == 3);
    require(is_line, "its network takes no picture of a line");
    has_input_ = true;
    return head.sides;
  }

  Sides group(const LayerHead& head, int depth) {
    constexpr std::uint32_t k_own_learning_rates = 64;
    std::uint32_t count = 0;
    require(reader_.read(count) && count >= 1 && count <= 1000,
            "a group of layers has an impossible number of them");
    require(!is_reversed(head.kind) || count == 1, "a turned layer is not one layer");
    Sides sides;
    for (std::uint32_t i = 0; i < count; ++i) {
      const Sides next = layer(depth + 1);
      if (i == 0) {
        sides = next;
      } else if (head.kind == "Series") {
        require(sides.outputs == next.inputs, "two layers of its network do not fit each other");
        sides.outputs = next.outputs;
      } else {
        require(sides.inputs == next.inputs, "two layers of its network do not fit each other");
        sides.outputs += next.outputs;
      }
      require(sides.outputs <= k_most_side, "a layer of its network has an impossible size");
    }
    std::uint32_t rates = 0;
    if ((head.flags & k_own_learning_rates) != 0) {
      require(reader_.read(rates) && reader_.skip(std::uint64_t{rates} * sizeof(float)),
              "its network is cut short");
    }
    return sides;
  }

  // As many inputs as the window has places, for each of the layer's own.
  Sides windowed(const LayerHead& head, std::int64_t places) {
    const std::int64_t outputs = head.sides.inputs * places;
    require(places >= 1 && outputs <= k_most_side,
            "a window of its network has an impossible size");
    return {head.sides.inputs, static_cast<std::int32_t>(outputs)};
  }

  Sides convolve(const LayerHead& head) {
    const std::int64_t half_x = side("a window of its network has an impossible size");
    const std::int64_t half_y = side("a window of its network has an impossible size");
    require(half_x < 100 && half_y < 100, "a window of its network has an impossible size");
    return windowed(head, (2 * half_x + 1) * (2 * half_y + 1));
  }

  Sides reconfig(const LayerHead& head) {
    const std::int64_t across = side("a window of its network has an impossible size");
    const std::int64_t down = side("a window of its network has an impossible size");
    require(across >= 1 && down >= 1 && across < 100 && down < 100,
            "a window of its network has an impossible size");
    if (head.kind == "Maxpool") return {head.sides.inputs, head.sides.inputs};
    return windowed(head, across * down);
  }

  // Numbers of one byte, with a factor for each row, or of eight (in old files four).
  Matrix matrix() {
    constexpr std::uint8_t k_is_int = 1;
    constexpr std::uint8_t k_is_double = 128;
    std::uint8_t mode = 0;
    require(reader_.read(mode), "its network is cut short");
    const bool is_int = (mode & k_is_int) != 0;
    const std::uint64_t real = (mode & k_is_double) != 0 ? sizeof(double) : sizeof(float);
    const std::uint64_t element = is_int ? 1 : real;
    Matrix matrix;
    matrix.rows = side("a matrix of its network has an impossible size");
    matrix.columns = side("a matrix of its network has an impossible size");
    require(matrix.rows >= 1 && matrix.columns >= 1,
            "a matrix of its network has an impossible size");
    const std::uint64_t count = std::uint64_t{static_cast<std::uint32_t>(matrix.rows)} *
                                static_cast<std::uint32_t>(matrix.columns);
    require(reader_.skip(element) && reader_.skip(element * count), "its network is cut short");
    std::uint32_t factors = 0;
    if (is_int) {
      require(reader_.read(factors) && factors == static_cast<std::uint32_t>(matrix.rows) &&
                  reader_.skip(real * factors),
              "a matrix of its network has not one factor for each row");
    }
    return matrix;
  }

  Sides lstm(const LayerHead& head) {
    const std::int32_t width = side("a layer of its network has an impossible size");
    const Sides sides = head.sides;
    const bool is_2d = width == sides.inputs + 2 * sides.outputs;
    require(is_2d || width == sides.inputs + sides.outputs,
            "two layers of its network do not fit each other");
    const int gates = is_2d ? 5 : 4;
    for (int i = 0; i < gates; ++i) fit(matrix(), {width, sides.outputs});
    return sides;
  }

  Sides full(const LayerHead& head) {
    fit(matrix(), head.sides);
    return head.sides;
  }

  void fit(const Matrix& matrix, const Sides& sides) const {
    require(matrix.rows == sides.outputs && matrix.columns == sides.inputs + 1,
            "a matrix of its network does not fit its layer");
  }

  ByteReader reader_;
  const std::string& name_;
  bool has_input_ = false;
};

// UTF-8 that begins and ends with whole characters; good enough to keep bytes of damage out.
bool is_utf8(std::string_view text) {
  std::size_t pending = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (pending > 0) {
      if ((byte & 0xC0U) != 0x80U) return false;
      --pending;
    } else if (byte >= 0x80) {
      if (byte < 0xC2 || byte > 0xF4) return false;
      pending = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    }
  }
  return pending == 0;
}

// The list of characters is text: how many, then a line for each: the character, its kind in
// hexadecimal, and more. Tesseract relies on each being there once.
std::int32_t check_characters(std::string_view text, const std::string& name) {
  constexpr std::size_t k_longest_line = 254;
  constexpr std::size_t k_longest_character = 30;
  constexpr std::int32_t k_most_characters = 200'000;
  const auto require = [&](bool is_right, const std::string& what) {
    if (!is_right) throw damaged(name, "its list of characters " + what);
  };
  require(text.find('\0') == std::string_view::npos, "is no text");
  std::istringstream lines{std::string(text)};
  std::string line;
  std::int32_t count = 0;
  require(static_cast<bool>(std::getline(lines, line)), "is empty");
  const auto parsed = std::from_chars(line.data(), line.data() + line.size(), count);
  require(parsed.ec == std::errc() && count >= 3 && count <= k_most_characters,
          "does not begin with their number");
  std::set<std::string> seen;
  for (std::int32_t i = 0; i < count; ++i) {
    const std::string where = "is wrong in line " + std::to_string(i + 2);
    require(static_cast<bool>(std::getline(lines, line)), "is cut short");
    std::istringstream words(line);
    std::string character;
    std::string kind;
    std::string script;
    words >> character >> kind >> script;
    unsigned bits = 0;
    const auto hexadecimal = std::from_chars(kind.data(), kind.data() + kind.size(), bits, 16);
    require(line.size() <= k_longest_line && !script.empty() && hexadecimal.ec == std::errc() &&
                hexadecimal.ptr == kind.data() + kind.size() &&
                character.size() <= k_longest_character && is_utf8(character) &&
                seen.insert(character).second,
            where);
  }
  return count;
}

// Which outputs of the network stand for which character.
void check_recoder(std::string_view bytes, std::int32_t characters, std::int32_t outputs,
                   const std::string& name) {
  const auto require = [&](bool is_right, const char* what) {
    if (!is_right) throw damaged(name, std::string("its table of codes ") + what);
  };
  ByteReader reader(bytes);
  std::uint32_t count = 0;
  require(reader.read(count) && count >= 1 && count <= static_cast<std::uint32_t>(characters) + 1,
          "does not fit its characters");
  std::int32_t largest = -1;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::int8_t is_normal = 0;
    std::int32_t length = 0;
    require(
        reader.read(is_normal) && reader.read(length) && length >= 1 && length <= k_longest_code,
        "cannot be read");
    for (std::int32_t j = 0; j < length; ++j) {
      std::int32_t code = 0;
      require(reader.read(code) && code >= 0 && code < outputs,
              "names an output that is not there");
      require(i > 0 || j > 0 || code == 0, "has no blank");
      largest = std::max(largest, code);
    }
  }
  require(largest + 1 == outputs, "leaves outputs without a character");
}

// A dictionary is a graph: edges of eight bytes with a character, three flags and the first edge of
// the next node; the last edge of a node is marked.
void check_dictionary(std::string_view bytes, std::int32_t characters, const std::string& name) {
  constexpr std::int16_t k_mark = 42;
  const auto require = [&](bool is_right) {
    if (!is_right) throw damaged(name, "one of its dictionaries cannot be read");
  };
  if (bytes.empty()) return;
  ByteReader reader(bytes);
  std::int16_t mark = 0;
  std::int32_t own_characters = 0;
  std::int32_t count = 0;
  require(reader.read(mark) && mark == k_mark && reader.read(own_characters) &&
          own_characters == characters && reader.read(count) && count >= 1 &&
          reader.left() == static_cast<std::uint64_t>(count) * 8);
  int flag_bit = 0;
  while ((std::int64_t{1} << flag_bit) < std::int64_t{characters} + 1) ++flag_bit;
  const std::uint64_t last_flag = std::uint64_t{1} << flag_bit;
  std::uint64_t last_edge = 0;
  for (std::int32_t i = 0; i < count; ++i) {
    std::uint64_t edge = 0;
    require(reader.read(edge));
    const std::uint64_t next = edge >> (flag_bit + 3);
    const std::uint64_t none = ~std::uint64_t{0} >> (flag_bit + 3);
    require(next < static_cast<std::uint64_t>(count) || next == none);
    last_edge = edge;
  }
  require((last_edge & last_flag) != 0);
}

}  // namespace

void check_line_recogniser(const TrainedData& data, const std::string& name) {
  std::int32_t null = -1;
  const Sides sides = NetworkWalk(data.network, name).walk(null);
  if (null < 0 || null >= sides.outputs)
    throw damaged(name, "the output for no character is not one of its network's");
  const std::int32_t characters = check_characters(data.characters, name);
  check_recoder(data.recoder, characters, sides.outputs, name);
  for (const std::string_view dictionary : data.dictionaries)
    check_dictionary(dictionary, characters, name);
}

}  // namespace modelhub::tesseract_engine
