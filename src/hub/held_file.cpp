// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/held_file.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file_system.h"
#include "base/hasher.h"
#include "transfer/archive_member.h"

namespace modelhub::hub {
namespace {

constexpr const char* k_content = "content";
constexpr const char* k_digest = "sha256";  // of the content, in hexadecimal digits
constexpr std::size_t k_piece = 1024 * 1024;

// An archive that lies on disk as a whole.
class WholeFile final : public transfer::ArchiveSource {
 public:
  explicit WholeFile(std::unique_ptr<base::ReadableFile> file) : file_(std::move(file)) {}

  Result<std::size_t> read(std::span<std::byte> bytes) override {
    Result<std::size_t> count = file_->read_at(position_, bytes);
    if (count) position_ += *count;
    return count;
  }

 private:
  const std::unique_ptr<base::ReadableFile> file_;
  std::uint64_t position_ = 0;
};

// What is in it is decided by the archive's bytes and the member's name.
std::string folder_name_of(const ModelFile& archive, const HeldFile& held) {
  return "member-" + base::sha256_of("modelhub-member 1\n" + archive.sha256.hex() + "\n" +
                                     held.kind + "\n" + held.member + "\n")
                         .hex();
}

std::string last_part(const std::string& member) { return member.substr(member.rfind('/') + 1); }

Result<Digest> digest_of(base::FileSystem& files, const std::string& path) {
  Result<std::unique_ptr<base::ReadableFile>> file = files.open(path);
  if (!file) return std::move(file).error();
  base::Hasher hasher;
  std::vector<std::byte> piece(k_piece);
  for (std::uint64_t at = 0;;) {
    const Result<std::size_t> count = (*file)->read_at(at, piece);
    if (!count) return count.error();
    hasher.update(std::span(piece).first(*count));
    if (*count < piece.size()) return hasher.finish();
    at += *count;
  }
}

// Whether a folder has what an earlier load took out, unharmed.
bool is_whole(base::FileSystem& files, const std::string& folder) {
  const Result<std::string> noted =
      base::read_whole_file(files, base::join_path(folder, k_digest), ByteCount(1000));
  if (!noted) return false;
  const Result<Digest> digest = digest_of(files, base::join_path(folder, k_content));
  return digest && digest->hex() == *noted;
}

Error of_another_size(const ModelFile& archive, const HeldFile& held) {
  return {ErrorCode::corrupt_data, Subject::model,
          "'" + held.member + "' in " + archive.path.string() + " is not of the " +
              held.bytes.to_string() + " that the catalog gives it",
          "mend \"bytes\" of \"holds\" in the catalog document"};
}

// Writes the member to `path`. Never more than the catalog allows: that is what was reserved.
Result<Digest> unpack(base::FileSystem& files, const std::string& archive_path,
                      const ModelFile& archive, const HeldFile& held, const std::string& path) {
  Result<std::unique_ptr<base::ReadableFile>> opened = files.open(archive_path);
  if (!opened) return std::move(opened).error();
  WholeFile source(*std::move(opened));
  transfer::ArchiveMember member(
      source, held.kind == "bz2" ? transfer::UnpackKind::bz2 : transfer::UnpackKind::tar_gz,
      held.member, archive.path.string());
  if (Result<std::optional<ByteCount>> found = member.open(); !found)
    return std::move(found).error();
  else if (*found && **found != held.bytes)
    return of_another_size(archive, held);

  Result<std::unique_ptr<base::WritableFile>> file =
      files.create(path, base::CreateMode::exclusive, 0644);
  if (!file) return std::move(file).error();
  base::Hasher hasher;
  std::vector<std::byte> piece(k_piece);
  for (std::uint64_t at = 0;;) {
    const Result<std::size_t> count = member.read(piece);
    if (!count) return count.error();
    const bool is_end = *count < piece.size();
    if (at + *count > held.bytes.count() || (is_end && at + *count < held.bytes.count()))
      return of_another_size(archive, held);
    const auto bytes = std::span<const std::byte>(piece).first(*count);
    if (Result<void> written = (*file)->write_at(at, bytes); !written)
      return std::move(written).error();
    hasher.update(bytes);
    at += *count;
    if (is_end) break;
  }
  if (Result<void> closed = (*file)->close(); !closed) return std::move(closed).error();
  return hasher.finish();
}

// The folder of an earlier load, when what it took out is unharmed; a new one otherwise.
Result<store::DerivedFolder> find_or_make(store::Store& store, base::FileSystem& files,
                                          const ModelFile& archive, const HeldFile& held) {
  const std::string name = folder_name_of(archive, held);
  constexpr std::uint64_t k_besides = 64 * 1024;  // the digest, and what folders take
  const ByteCount needed(held.bytes.count() + k_besides);
  Result<store::DerivedFolder> folder = store.derive(name, needed);
  if (!folder || folder->is_new() || is_whole(files, folder->path())) return folder;
  if (Result<void> gone = base::remove_tree(files, folder->path()); !gone)
    return std::move(gone).error();
  return store.derive(name, needed);
}

// The path of what the archive holds.
Result<std::string> take_out(store::Store& store, const std::string& archive_path,
                             const ModelFile& archive, const HeldFile& held) {
  base::FileSystem& files = base::FileSystem::real();
  Result<store::DerivedFolder> folder = find_or_make(store, files, archive, held);
  if (!folder) return std::move(folder).error();
  const std::string content = base::join_path(folder->path(), k_content);
  if (!folder->is_new()) return content;
  const Result<Digest> digest = unpack(files, archive_path, archive, held, content);
  if (!digest) return digest.error();
  if (Result<void> noted = base::write_file_atomically(
          files, base::join_path(folder->path(), k_digest), digest->hex(), 0644);
      !noted) {
    return std::move(noted).error();
  }
  if (Result<void> kept = folder->keep(); !kept) return std::move(kept).error();
  return base::join_path(folder->path(), k_content);
}

}  // namespace

bool has_held_files(const Variant& variant) {
  return std::any_of(variant.files.begin(), variant.files.end(),
                     [](const ModelFile& file) { return file.holds.has_value(); });
}

Result<void> take_out_held_files(store::Store& store, const Variant& variant,
                                 engine::LoadRequest& request) {
  for (const ModelFile& archive : variant.files) {
    if (!archive.holds) continue;
    for (engine::EngineFile& file : request.files) {
      if (file.name != archive.path.string()) continue;
      Result<std::string> path = take_out(store, file.path, archive, *archive.holds);
      if (!path) {
        return std::move(path).error().with_context("take " + last_part(archive.holds->member) +
                                                    " out of " + file.name);
      }
      file = {archive.holds->role, last_part(archive.holds->member), *std::move(path)};
    }
  }
  return {};
}

}  // namespace modelhub::hub
