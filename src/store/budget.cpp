// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/budget.h"

namespace modelhub::store {
namespace {

// One line and perhaps more that later versions may add.
constexpr ByteCount k_max_setting(4096);

// Nothing when it does not end: of a torn file 20000000000 may be left as 20, and models would go
// for it.
std::string_view first_line(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return {};
  std::string_view line = text.substr(0, end);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

Result<void> check_name(std::string_view name) {
  return ModelId{std::string(name), "0", "0"}.check();
}

}  // namespace

Result<ByteCount> read_budget(base::FileSystem& files, const Layout& layout) {
  const std::string path = layout.budget_file();
  Result<std::string> text = base::read_whole_file(files, path, k_max_setting);
  if (!text) {
    if (text.error().code == ErrorCode::not_found) return k_default_budget;
    return std::move(text).error();
  }
  const Result<ByteCount> budget = ByteCount::parse(first_line(*text));
  if (budget && budget->count() != 0) return *budget;
  return Error(ErrorCode::corrupt_data, Subject::store, path + " does not say how many bytes",
               "set the budget again: 'modelhub cache budget 10GB'");
}

Result<void> write_budget(base::FileSystem& files, const Layout& layout, ByteCount budget) {
  if (budget.count() == 0) {
    return Error(ErrorCode::invalid_argument, Subject::usage, "a budget of 0 bytes holds no model",
                 "give a size, as in 'modelhub cache budget 20GB'; 'modelhub prune --to 0' empties "
                 "the store");
  }
  return base::write_file_atomically(files, layout.budget_file(),
                                     std::to_string(budget.count()) + "\n", 0666);
}

Result<DefaultVersion> DefaultVersion::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  const bool has_variant = colon != std::string_view::npos;
  DefaultVersion chosen{std::string(text.substr(0, colon)),
                        std::string(has_variant ? text.substr(colon + 1) : "")};
  const ModelId id{"any", chosen.version, has_variant ? chosen.variant : "any"};
  if (Result<void> done = id.check(); !done) return std::move(done).error();
  return chosen;
}

Result<std::optional<DefaultVersion>> read_default(base::FileSystem& files, const Layout& layout,
                                                   std::string_view name) {
  if (Result<void> done = check_name(name); !done) return std::move(done).error();
  const std::string path = layout.default_of(name);
  Result<std::string> text = base::read_whole_file(files, path, k_max_setting);
  if (!text) {
    if (text.error().code == ErrorCode::not_found) return std::optional<DefaultVersion>();
    return std::move(text).error();
  }
  Result<DefaultVersion> chosen = DefaultVersion::parse(first_line(*text));
  if (chosen) return std::optional<DefaultVersion>(*std::move(chosen));
  return Error(ErrorCode::corrupt_data, Subject::store, path + " names no version",
               "remove that file, or set the default again");
}

Result<void> write_default(base::FileSystem& files, const Layout& layout, std::string_view name,
                           const DefaultVersion& chosen) {
  if (Result<void> done = check_name(name); !done) return done;
  if (Result<DefaultVersion> parsed = DefaultVersion::parse(chosen.to_string()); !parsed)
    return std::move(parsed).error();
  return base::write_file_atomically(files, layout.default_of(name), chosen.to_string() + "\n",
                                     0666);
}

Result<void> remove_default(base::FileSystem& files, const Layout& layout, std::string_view name) {
  if (Result<void> done = check_name(name); !done) return done;
  Result<void> done = files.remove_file(layout.default_of(name));
  if (!done && done.error().code == ErrorCode::not_found) return {};
  return done;
}

}  // namespace modelhub::store
