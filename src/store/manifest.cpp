// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/manifest.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "store/steady_listing.h"

namespace modelhub::store {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned k_manifest_schema = 1;

Error broken(const std::string& path, const std::string& why) {
  return {ErrorCode::corrupt_data, Subject::store, "the manifest " + path + " is damaged: " + why,
          "remove that file, then pull the model again"};
}

// Typed access to an object's fields; the errors name the file and the field.
class Fields {
 public:
  Fields(const Json& object, const std::string& path, std::string where)
      : object_(object), path_(path), where_(std::move(where)) {}

  Result<std::string> text(const char* field) const {
    const auto found = object_.find(field);
    if (found == object_.end() || !found->is_string()) return wrong(field, "is not a text");
    return found->get<std::string>();
  }

  Result<std::uint64_t> number(const char* field) const {
    const auto found = object_.find(field);
    if (found == object_.end() || !found->is_number_unsigned())
      return wrong(field, "is not a whole number");
    return found->get<std::uint64_t>();
  }

  Result<Digest> digest(const char* field) const {
    Result<std::string> value = text(field);
    if (!value) return std::move(value).error();
    Result<Digest> parsed = Digest::parse(*value);
    if (!parsed) return wrong(field, "is wrong: " + parsed.error().message);
    return parsed;
  }

  Result<const Json*> array(const char* field) const {
    const auto found = object_.find(field);
    if (found == object_.end() || !found->is_array()) return wrong(field, "is not a list");
    return &*found;
  }

  Error wrong(const char* field, const std::string& why) const {
    return broken(path_, "'" + where_ + field + "' " + why);
  }

 private:
  const Json& object_;
  const std::string& path_;
  const std::string where_;
};

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  const char* const begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + count, value);
  if (error != std::errc() || end != begin + count || value < 0) return std::nullopt;
  return value;
}

// The reverse of base::to_rfc3339: "2026-11-23T05:01:40Z" and nothing else.
std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text) {
  constexpr std::string_view k_form = "0000-00-00T00:00:00Z";
  if (text.size() != k_form.size()) return std::nullopt;
  for (std::size_t i = 0; i < k_form.size(); ++i) {
    if (k_form[i] != '0' && text[i] != k_form[i]) return std::nullopt;
  }
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  // The clock counts nanoseconds in 64 bits, which end in the year 2262.
  if (*year < 1970 || *year > 2261) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

Result<RecordedFile> parse_file(const Json& json, const std::string& path, std::size_t index) {
  const std::string where = "files[" + std::to_string(index) + "].";
  if (!json.is_object())
    return broken(path, "'files[" + std::to_string(index) + "]' is not an object");
  const Fields fields(json, path, where);
  Result<std::string> name = fields.text("path");
  if (!name) return std::move(name).error();
  Result<RelPath> rel_path = RelPath::parse(*name);
  if (!rel_path) return fields.wrong("path", "is wrong: " + rel_path.error().message);
  Result<std::string> role = fields.text("role");
  if (!role) return std::move(role).error();
  Result<std::uint64_t> bytes = fields.number("bytes");
  if (!bytes) return std::move(bytes).error();
  Result<Digest> sha256 = fields.digest("sha256");
  if (!sha256) return std::move(sha256).error();
  return RecordedFile{*std::move(rel_path), *std::move(role), ByteCount(*bytes), *sha256};
}

Result<std::vector<RecordedFile>> parse_files(const Fields& fields, const std::string& path) {
  Result<const Json*> list = fields.array("files");
  if (!list) return std::move(list).error();
  std::vector<RecordedFile> files;
  for (const Json& entry : **list) {
    Result<RecordedFile> file = parse_file(entry, path, files.size());
    if (!file) return std::move(file).error();
    files.push_back(*std::move(file));
  }
  return files;
}

Result<std::vector<std::string>> parse_sources(const Fields& fields) {
  Result<const Json*> list = fields.array("sources");
  if (!list) return std::move(list).error();
  std::vector<std::string> sources;
  for (const Json& entry : **list) {
    if (!entry.is_string()) return fields.wrong("sources", "has something that is not a text");
    sources.push_back(entry.get<std::string>());
  }
  return sources;
}

// The plain texts of a manifest, in the order in which they are written.
struct TextField {
  const char* name;
  std::string& value;
};
std::vector<TextField> text_fields_of(ModelRecord& record) {
  return {{"name", record.id.name}, {"version", record.id.version}, {"variant", record.id.variant},
          {"task", record.task},    {"license", record.license},    {"format", record.format}};
}

// Looked at before everything else: what a newer schema means by the other fields is unknown.
Result<void> check_schema(const Fields& fields, const std::string& path) {
  Result<std::uint64_t> schema = fields.number("schema");
  if (!schema) return std::move(schema).error();
  if (*schema == k_manifest_schema) return {};
  if (*schema == 0) return fields.wrong("schema", "is 0");
  return Error(ErrorCode::unsupported, Subject::store,
               "the manifest " + path + " has schema " + std::to_string(*schema) +
                   "; this modelhub understands up to " + std::to_string(k_manifest_schema),
               "upgrade modelhub, or use another home with --home or MODELHUB_HOME");
}

Result<Manifest> manifest_from(const Json& json, const std::string& path) {
  if (!json.is_object()) return broken(path, "it is not a JSON object");
  const Fields fields(json, path, "");
  if (Result<void> done = check_schema(fields, path); !done) return std::move(done).error();
  Manifest manifest;
  for (const TextField& field : text_fields_of(manifest.record)) {
    Result<std::string> text = fields.text(field.name);
    if (!text) return std::move(text).error();
    field.value = *std::move(text);
  }
  Result<std::vector<RecordedFile>> files = parse_files(fields, path);
  if (!files) return std::move(files).error();
  manifest.record.files = *std::move(files);
  Result<std::vector<std::string>> sources = parse_sources(fields);
  if (!sources) return std::move(sources).error();
  manifest.record.sources = *std::move(sources);
  Result<std::string> installed_at = fields.text("installed_at");
  if (!installed_at) return std::move(installed_at).error();
  const auto time = parse_time(*installed_at);
  if (!time) return fields.wrong("installed_at", "is not a time like 2026-11-23T05:01:40Z");
  manifest.installed_at = *time;
  if (Result<void> done = manifest.record.check(); !done) return broken(path, done.error().message);
  Result<Digest> key = fields.digest("key");
  if (!key) return std::move(key).error();
  if (const Digest expected = manifest.record.key(); *key != expected) {
    return broken(path, "'key' is " + key->hex() + ", the files give " + expected.hex());
  }
  manifest.key = *key;
  return manifest;
}

// The object of `previous` for this path and digest: its unknown fields are still about the same
// bytes.
Json previous_file(const Json& previous, const RecordedFile& file) {
  const auto files = previous.find("files");
  if (files == previous.end() || !files->is_array()) return Json::object();
  for (const Json& entry : *files) {
    if (!entry.is_object()) continue;
    if (entry.value("path", Json()) == file.path.string() &&
        entry.value("sha256", Json()) == file.sha256.hex()) {
      return entry;
    }
  }
  return Json::object();
}

Error invalid_record(const ModelRecord& record, const std::string& why) {
  return {ErrorCode::invalid_argument, Subject::model,
          "the record of " + record.id.to_string() + " is wrong: " + why};
}

}  // namespace

Result<void> ModelRecord::check() const {
  if (Result<void> done = id.check(); !done) return done;
  if (files.empty()) return invalid_record(*this, "it has no files");
  std::set<std::string> paths;
  std::map<Digest, ByteCount> sizes;
  for (const RecordedFile& file : files) {
    if (!paths.insert(file.path.string()).second) {
      return invalid_record(*this, "it has the path '" + file.path.string() + "' twice");
    }
    const auto [known, added] = sizes.emplace(file.sha256, file.bytes);
    if (!added && known->second != file.bytes) {
      return invalid_record(*this, "it gives two sizes for " + file.sha256.hex());
    }
  }
  for (const std::string& path : paths) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      if (paths.count(path.substr(0, slash)) != 0) {
        return invalid_record(
            *this, "'" + path.substr(0, slash) + "' is a file and the folder of '" + path + "'");
      }
    }
  }
  return {};
}

Digest ModelRecord::key() const {
  std::vector<std::pair<RelPath, Digest>> pairs;
  pairs.reserve(files.size());
  for (const RecordedFile& file : files) pairs.emplace_back(file.path, file.sha256);
  return model_key(id, std::move(pairs));
}

std::vector<RecordedFile> ModelRecord::distinct_blobs() const {
  std::vector<RecordedFile> blobs;
  std::unordered_set<Digest> seen;
  for (const RecordedFile& file : files) {
    if (seen.insert(file.sha256).second) blobs.push_back(file);
  }
  return blobs;
}

Result<std::string> write_manifest(const Manifest& manifest, std::string_view previous) {
  Json old = Json::parse(previous, nullptr, false);
  if (!old.is_object()) old = Json::object();
  Json json = old;
  json["schema"] = k_manifest_schema;
  ModelRecord record = manifest.record;
  for (const TextField& field : text_fields_of(record)) json[field.name] = field.value;
  json["key"] = record.key().hex();
  Json list = Json::array();
  for (const RecordedFile& file : record.files) {
    Json entry = previous_file(old, file);
    entry["path"] = file.path.string();
    entry["role"] = file.role;
    entry["bytes"] = file.bytes.count();
    entry["sha256"] = file.sha256.hex();
    list.push_back(std::move(entry));
  }
  json["files"] = std::move(list);
  json["sources"] = record.sources;
  json["installed_at"] = base::to_rfc3339(manifest.installed_at);
  try {
    return json.dump(2) + "\n";
  } catch (const Json::exception&) {  // the only one that dump() has
    return invalid_record(record, "it has a text that is not UTF-8");
  }
}

Result<Manifest> parse_manifest(std::string_view text, const std::string& path) {
  try {
    return manifest_from(Json::parse(text), path);
  } catch (const Json::parse_error& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    const std::string what = error.what();
    return broken(path,
                  what.substr(what.find("] ") == std::string::npos ? 0 : what.find("] ") + 2));
  } catch (const Json::exception& error) {
    return broken(path, error.what());
  }
}

Result<Manifest> read_manifest(base::FileSystem& files, const Layout& layout, const ModelId& id) {
  const std::string path = layout.manifest(id);
  Result<std::string> text = base::read_whole_file(files, path, k_max_manifest);
  if (!text) return std::move(text).error();
  Result<Manifest> manifest = parse_manifest(*text, path);
  if (manifest && manifest->record.id != id) {
    return broken(path, "it speaks about " + manifest->record.id.to_string());
  }
  return manifest;
}

// A run of 64 has one digit at each 64th place, so most of a text is never looked at.
void collect_digests(std::string_view text, std::unordered_set<Digest>& digests) {
  constexpr std::size_t k_length = 2 * Digest::k_bytes;
  const auto is_hex = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  std::size_t free = 0;  // what lies before belongs to no run that was not looked at
  for (std::size_t at = k_length - 1; at < text.size(); at += k_length) {
    if (!is_hex(text[at])) continue;
    std::size_t begin = at;
    while (begin > free && is_hex(text[begin - 1])) --begin;
    std::size_t end = at + 1;
    while (end < text.size() && is_hex(text[end])) ++end;
    if (end - begin == k_length) {
      if (Result<Digest> digest = Digest::parse(text.substr(begin, k_length)))
        digests.insert(*digest);
    }
    free = end;
    at = end - 1;
  }
}

Result<std::unordered_set<Digest>> digests_named_by_manifests(base::FileSystem& files,
                                                              const Layout& layout) {
  constexpr int k_attempts = 16;
  std::unordered_set<Digest> digests;  // of all attempts: too many keep a blob for the next sweep
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    if (Result<base::FileStat> there = files.stat(layout.models()); !there)
      return std::move(there).error();
    // A manifest that is moved aside and back while the folder is read may be missed otherwise.
    Result<std::vector<base::DirectoryEntry>> entries = list_steadily(files, layout.models());
    if (!entries) return std::move(entries).error();
    bool changed = false;
    for (const base::DirectoryEntry& entry : *entries) {
      if (entry.kind == base::FileKind::directory) continue;
      Result<std::string> text = base::read_whole_file(
          files, base::join_path(layout.models(), entry.name), k_max_manifest);
      if (text) {
        collect_digests(*text, digests);
      } else if (text.error().code == ErrorCode::not_found) {
        // Renamed or removed since it was listed: the listing may have missed its new name as well.
        changed = true;
      } else {
        return std::move(text).error();
      }
    }
    if (!changed) return digests;
  }
  return Error(ErrorCode::busy, Subject::store, layout.models() + " changes too fast to be read")
      .as_retryable();
}

}  // namespace modelhub::store
