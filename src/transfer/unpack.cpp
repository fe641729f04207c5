// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/unpack.h"

#include <algorithm>
#include <new>
#include <system_error>

#include "base/hasher.h"

namespace modelhub::transfer {
namespace {

// The store looks for damage in chunks of this size.
constexpr std::uint64_t k_unpacked_chunk_bytes = 4 * 1024 * 1024;
constexpr std::size_t k_unpack_buffer_bytes = 256 * 1024;
// The store gives a blob its final permissions when it publishes it.
constexpr std::uint32_t k_unpacked_permissions = 0644;

Error abandoned(const std::string& archive) {
  return {ErrorCode::cancelled, Subject::model, "unpacking " + archive + " was given up"};
}

// The digest of the whole and of each chunk.
class ResultDigests {
 public:
  explicit ResultDigests(ByteCount bytes) : has_chunks_(bytes.count() > k_unpacked_chunk_bytes) {}

  void update(std::span<const std::byte> bytes) {
    whole_.update(bytes);
    while (has_chunks_ && !bytes.empty()) {
      const std::size_t count = static_cast<std::size_t>(
          std::min<std::uint64_t>(bytes.size(), k_unpacked_chunk_bytes - in_chunk_));
      chunk_.update(bytes.first(count));
      bytes = bytes.subspan(count);
      in_chunk_ += count;
      if (in_chunk_ == k_unpacked_chunk_bytes) end_chunk();
    }
  }

  Unpacked finish(ByteCount bytes) {
    if (in_chunk_ > 0) end_chunk();
    return {whole_.finish(), bytes, std::move(chunks_)};
  }

 private:
  void end_chunk() {
    chunks_.push_back(chunk_.finish());
    in_chunk_ = 0;
  }

  const bool has_chunks_;
  base::Hasher whole_;
  base::Hasher chunk_;
  std::uint64_t in_chunk_ = 0;
  std::vector<Digest> chunks_;
};

}  // namespace

// The part of the archive that is there, from its start; waits for more.
class Unpacker::Prefix final : public ArchiveSource {
 public:
  explicit Prefix(Unpacker& owner) : owner_(owner) {}

  Result<std::size_t> read(std::span<std::byte> bytes) override {
    Result<std::uint64_t> end = owner_.wait_for_more(position_);
    if (!end) return std::move(end).error();
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), *end - position_));
    if (count == 0) return count;
    if (!file_) {
      Result<std::unique_ptr<base::ReadableFile>> file = owner_.files_.open(owner_.archive_path_);
      if (!file) return std::move(file).error();
      file_ = *std::move(file);
    }
    Result<std::size_t> done = file_->read_at(position_, bytes.first(count));
    if (!done) return std::move(done).error();
    if (*done < count) {
      return Error(ErrorCode::io_error, Subject::store,
                   owner_.archive_path_ +
                       " became shorter while it was unpacked: it ends at byte " +
                       std::to_string(position_ + *done));
    }
    position_ += count;
    return count;
  }

 private:
  Unpacker& owner_;
  std::unique_ptr<base::ReadableFile> file_;
  std::uint64_t position_ = 0;
};

Result<std::unique_ptr<Unpacker>> Unpacker::start(base::FileSystem& files, UnpackRequest request,
                                                  std::string archive_path, std::string data_path,
                                                  ByteCount archive_bytes) {
  if (request.kind == UnpackKind::tar_gz && !comparable_member(request.member)) {
    return Error(ErrorCode::invalid_argument, Subject::model,
                 "'" + request.member + "' cannot be the name of an archive's member",
                 "a member is named as the archive lists it, without a leading '/' and '..'");
  }
  std::unique_ptr<Unpacker> unpacker(new Unpacker(
      files, std::move(request), std::move(archive_path), std::move(data_path), archive_bytes));
  try {
    unpacker->thread_ = std::thread([raw = unpacker.get()] { raw->run(); });
  } catch (const std::system_error& error) {
    return Error(ErrorCode::out_of_memory, Subject::other,
                 std::string("no thread for unpacking: ") + error.what());
  }
  return unpacker;
}

Unpacker::Unpacker(base::FileSystem& files, UnpackRequest request, std::string archive_path,
                   std::string data_path, ByteCount archive_bytes)
    : files_(files),
      request_(std::move(request)),
      archive_path_(std::move(archive_path)),
      data_path_(std::move(data_path)),
      archive_bytes_(archive_bytes.count()) {}

Unpacker::~Unpacker() {
  if (!thread_.joinable()) return;
  abandon();
  thread_.join();
}

void Unpacker::advance(std::uint64_t prefix) {
  {
    const std::lock_guard lock(mutex_);
    prefix_ = std::max(prefix_, std::min(prefix, archive_bytes_));
  }
  changed_.notify_all();
}

void Unpacker::abandon() {
  {
    const std::lock_guard lock(mutex_);
    if (is_abandoned_ || is_delivered_) return;
    is_abandoned_ = true;
    // Here and not on the thread, which may still be busy when somebody else uses the path again.
    // Not there, or not removable: nobody reads it. The same below.
    (void)files_.remove_file(data_path_);
  }
  changed_.notify_all();
}

Result<std::unique_ptr<base::WritableFile>> Unpacker::create_data() {
  const std::lock_guard lock(mutex_);
  if (is_abandoned_) return abandoned(archive_path_);
  // A file of its own: one that was abandoned at this path may still be written.
  (void)files_.remove_file(data_path_);
  return files_.create(data_path_, base::CreateMode::truncate, k_unpacked_permissions);
}

bool Unpacker::is_abandoned() const {
  const std::lock_guard lock(mutex_);
  return is_abandoned_;
}

bool Unpacker::is_done() const {
  const std::lock_guard lock(mutex_);
  return outcome_.has_value();
}

Result<Unpacked> Unpacker::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return outcome_.has_value(); });
  if (outcome_->has_value() && is_abandoned_) return abandoned(archive_path_);
  is_delivered_ = outcome_->has_value();
  return *outcome_;
}

Result<std::uint64_t> Unpacker::wait_for_more(std::uint64_t position) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock,
                [&] { return is_abandoned_ || prefix_ > position || position == archive_bytes_; });
  if (is_abandoned_) return abandoned(archive_path_);
  return prefix_;
}

void Unpacker::run() {
  Result<Unpacked> outcome = [this]() -> Result<Unpacked> {
    try {
      return unpack();
    } catch (const std::bad_alloc&) {
      return Error(ErrorCode::out_of_memory, Subject::model, "no memory for unpacking");
    }
  }();
  {
    const std::lock_guard lock(mutex_);
    if (!outcome && !is_abandoned_) (void)files_.remove_file(data_path_);
    outcome_ = std::move(outcome);
  }
  changed_.notify_all();
}

Result<Unpacked> Unpacker::unpack() {
  Prefix source(*this);
  ArchiveMember member(source, request_.kind, request_.member, archive_path_);
  Result<std::optional<ByteCount>> size = member.open();
  if (!size) return std::move(size).error();
  if (*size && **size != request_.bytes) {
    return mismatch(std::to_string((*size)->count()) + " bytes",
                    std::to_string(request_.bytes.count()));
  }
  return write_result(member);
}

Result<Unpacked> Unpacker::write_result(ArchiveMember& member) {
  Result<std::unique_ptr<base::WritableFile>> file = create_data();
  if (!file) return std::move(file).error();
  ResultDigests digests(request_.bytes);
  std::vector<std::byte> buffer(k_unpack_buffer_bytes);
  const std::uint64_t bytes = request_.bytes.count();
  for (std::uint64_t written = 0;;) {
    if (is_abandoned()) return abandoned(archive_path_);
    const std::uint64_t missing = bytes - written;
    // One byte more than there may be tells that there is too much, and is never written.
    const std::size_t most =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size() - 1, missing)) + 1;
    Result<std::size_t> count = member.read(std::span(buffer).first(most));
    if (!count) return std::move(count).error();
    if (*count > missing)
      return mismatch("more than " + std::to_string(bytes) + " bytes", std::to_string(bytes));
    const std::span<const std::byte> piece = std::span(buffer).first(*count);
    if (Result<void> done = (*file)->write_at(written, piece); !done)
      return std::move(done).error();
    digests.update(piece);
    written += *count;
    if (*count < most && written < bytes)
      return mismatch(std::to_string(written) + " bytes", std::to_string(bytes));
    if (*count < most) break;
  }
  if (Result<void> done = (*file)->close(); !done) return std::move(done).error();
  Unpacked unpacked = digests.finish(request_.bytes);
  if (unpacked.digest != request_.digest)
    return mismatch("the SHA-256 " + unpacked.digest.hex(), request_.digest.hex());
  return unpacked;
}

Error Unpacker::mismatch(const std::string& found, const std::string& catalogued) const {
  const std::string what = request_.kind == UnpackKind::tar_gz
                               ? "'" + request_.member + "' in " + archive_path_
                               : "what is packed in " + archive_path_;
  return {ErrorCode::checksum_mismatch, Subject::model,
          what + " has " + found + " where the catalog says " + catalogued,
          "the archive is not the catalogued one, or the catalog is wrong about what is in it"};
}

}  // namespace modelhub::transfer
