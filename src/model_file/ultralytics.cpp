// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/ultralytics.h"

#include <cmath>
#include <cstdint>
#include <utility>

#include "model_file/python_literal.h"

namespace modelhub::model_file {
namespace {

using Kind = PythonValue::Kind;

constexpr std::int64_t k_largest = 1 << 20;  // of sides, strides and batches: more is no picture

class MetadataReader {
 public:
  explicit MetadataReader(const std::map<std::string, std::string>& metadata)
      : metadata_(metadata) {}

  Result<std::optional<UltralyticsFacts>> read() {
    if (metadata_.count("task") == 0) return std::optional<UltralyticsFacts>();
    UltralyticsFacts facts;
    // These are texts as they are, not literals.
    facts.task = text_of("task");
    facts.head = text_of("head");
    facts.description = text_of("description");
    facts.version = text_of("version");
    facts.license = text_of("license");
    with("names", [&](const PythonValue& value) { read_names(value, facts.names); });
    with("imgsz", [&](const PythonValue& value) { read_size(value, facts); });
    with("stride", [&](const PythonValue& value) { read_whole("stride", value, facts.stride); });
    with("batch", [&](const PythonValue& value) { read_whole("batch", value, facts.batch); });
    with("end2end", [&](const PythonValue& value) { read_flag("end2end", value, facts.end2end); });
    with("args", [&](const PythonValue& value) {
      if (value.kind != Kind::dict) return fail("args", "a dict");
      if (const PythonValue* nms = value.find("nms")) read_flag("args['nms']", *nms, facts.nms);
    });
    if (error_) return *std::move(error_);
    return std::optional(std::move(facts));
  }

 private:
  std::string text_of(const std::string& key) const {
    const auto found = metadata_.find(key);
    return found == metadata_.end() ? std::string() : found->second;
  }

  template <class F>
  void with(const std::string& key, F&& read) {
    const auto found = metadata_.find(key);
    if (found == metadata_.end() || error_) return;
    Result<PythonValue> value =
        parse_python_literal(found->second, "the metadata '" + key + "' of the model");
    if (value) {
      read(*value);
    } else {
      error_ = std::move(value).error();
    }
  }

  void fail(const std::string& key, const std::string& wanted) {
    if (error_) return;
    error_ = Error(ErrorCode::corrupt_data, Subject::model,
                   "the metadata '" + key + "' of the model is not " + wanted);
  }

  void read_flag(const std::string& key, const PythonValue& value, bool& flag) {
    if (value.kind == Kind::none) return;
    if (value.kind != Kind::boolean) return fail(key, "True or False");
    flag = value.flag;
  }

  void read_whole(const std::string& key, const PythonValue& value, int& number) {
    if (value.kind == Kind::none) return;
    // A stride that came out of a tensor is written "32.0" by some versions.
    const bool is_whole = value.kind == Kind::integer ||
                          (value.kind == Kind::real && value.real == std::floor(value.real));
    if (!is_whole || value.real < 1 || value.real > static_cast<double>(k_largest))
      return fail(key, "a whole number from 1 to " + std::to_string(k_largest));
    number = static_cast<int>(value.real);
  }

  // [height, width], or one number for both.
  void read_size(const PythonValue& value, UltralyticsFacts& facts) {
    if (value.kind != Kind::list) {
      read_whole("imgsz", value, facts.height);
      facts.width = facts.height;
    } else if (value.items.size() == 2) {
      read_whole("imgsz", value.items[0], facts.height);
      read_whole("imgsz", value.items[1], facts.width);
    } else {
      fail("imgsz", "[height, width]");
    }
  }

  // {0: 'person', 1: 'bicycle', ...}; a list in old exports.
  void read_names(const PythonValue& value, std::vector<std::string>& names) {
    const char* const wanted = "a dict of names by the numbers of their classes, from 0";
    if (value.kind != Kind::dict && value.kind != Kind::list) return fail("names", wanted);
    std::map<std::int64_t, const PythonValue*> by_class;
    for (const PythonValue& item : value.items) {
      const auto number = static_cast<std::int64_t>(by_class.size());
      by_class.emplace(number, &item);
    }
    for (const PythonValue::Member& member : value.members) {
      if (member.key.kind != Kind::integer ||
          !by_class.emplace(member.key.integer, &member.value).second)
        return fail("names", wanted);
    }
    for (const auto& [number, name] : by_class) {
      if (number != static_cast<std::int64_t>(names.size()) || name->kind != Kind::text)
        return fail("names", wanted);
      names.push_back(name->text);
    }
  }

  const std::map<std::string, std::string>& metadata_;
  std::optional<Error> error_;
};

}  // namespace

Result<std::optional<UltralyticsFacts>> read_ultralytics(
    const std::map<std::string, std::string>& metadata) {
  return MetadataReader(metadata).read();
}

}  // namespace modelhub::model_file
