// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "shared/compiled_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace modelhub::engine_shared {
namespace {

constexpr char k_magic[8] = {'m', 'h', 'c', 'o', 'm', 'p', 'l', '3'};

// Stands at the end, because the library writes the beginning.
struct Ending {
  char magic[sizeof k_magic];
  std::uint64_t size;        // of all before the ending
  std::uint64_t graph_size;  // of its last part
  std::uint64_t sum;
};

// FNV-1a over words of 8 bytes, in four sums side by side, since each multiplication waits for the
// one before: 100 MB take 15 ms in place of 27. A change of one word always changes the result:
// every step is a bijection. Against accidents only: who can write here can write anything.
class Sum {
 public:
  void add(std::string_view bytes) {
    constexpr std::size_t k_stride = sizeof(std::uint64_t) * k_lanes;
    std::array<std::uint64_t, k_lanes> lanes = lanes_;  // a copy stays in registers
    for (; bytes.size() >= k_stride; bytes.remove_prefix(k_stride)) {
      for (std::size_t lane = 0; lane < k_lanes; ++lane) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + lane * sizeof word, sizeof word);
        lanes[lane] = mixed(lanes[lane], word);
      }
    }
    for (const char byte : bytes) lanes[0] = mixed(lanes[0], static_cast<unsigned char>(byte));
    lanes_ = lanes;
  }
  std::uint64_t value() const {
    std::uint64_t sum = k_offset;
    for (const std::uint64_t lane : lanes_) sum = mixed(sum, lane);
    return sum;
  }

 private:
  static constexpr std::size_t k_lanes = 4;
  static constexpr std::uint64_t k_offset = 0xCBF29CE484222325;
  static constexpr std::uint64_t k_prime = 0x100000001B3;

  static std::uint64_t mixed(std::uint64_t sum, std::uint64_t word) {
    sum = (sum ^ word) * k_prime;
    return sum ^ (sum >> 32);  // or the low bits would never see the high ones
  }

  std::array<std::uint64_t, k_lanes> lanes_ = {k_offset, k_offset, k_offset, k_offset};
};

std::uint64_t sum_of(std::string_view content, std::string_view graph, const std::string& maker) {
  Sum sum;
  sum.add(maker);
  sum.add(content);
  sum.add(graph);
  return sum.value();
}

Ending ending_of(std::uint64_t content_size, std::uint64_t graph_size, std::uint64_t sum) {
  Ending ending{};
  std::memcpy(ending.magic, k_magic, sizeof k_magic);
  ending.size = content_size + graph_size;
  ending.graph_size = graph_size;
  ending.sum = sum;
  return ending;
}

// An open file, closed with it.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

// All of an open file, or nothing when that cannot be had or is empty.
std::optional<std::string_view> map(const Descriptor& file) {
  struct stat status {};
  if (file.number() < 0 || ::fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode))
    return std::nullopt;
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const content = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (content == MAP_FAILED) return std::nullopt;
  return std::string_view(static_cast<const char*>(content), size);
}

void unmap(std::string_view content) {
  ::munmap(const_cast<char*>(content.data()), content.size());
}

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

// What is written under another name until it is whole: another load may have the file mapped.
std::string staged_name(const std::string& path) {
  static std::atomic<unsigned> count{0};
  return path + ".tmp." + std::to_string(::getpid()) + "." + std::to_string(++count);
}

class StagedFile {
 public:
  explicit StagedFile(const std::string& path) : path_(path), staged_(staged_name(path)) {
    out_.open(staged_, std::ios::binary | std::ios::trunc);
    if (!out_) fail("cannot write " + path_);
  }
  ~StagedFile() {
    if (!staged_.empty()) std::remove(staged_.c_str());
  }
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  void write(const void* bytes, std::size_t count) {
    out_.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(count));
  }
  void publish() {
    out_.close();
    if (!out_ || std::rename(staged_.c_str(), path_.c_str()) != 0) fail("cannot write " + path_);
    staged_.clear();
  }

 private:
  const std::string path_;
  std::string staged_;
  std::ofstream out_;
};

class StagedFolder {
 public:
  explicit StagedFolder(const std::string& path) : path_(path), staged_(staged_name(path)) {
    std::error_code error;
    if (!std::filesystem::create_directory(staged_, error))
      throw std::runtime_error("cannot write " + path_ + ": " + error.message());
  }
  ~StagedFolder() {
    std::error_code error;
    std::filesystem::remove_all(staged_, error);
  }
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  std::string file(const std::string& name) const { return staged_ + "/" + name; }
  void publish(const std::string& file) const {
    if (std::rename(file.c_str(), path_.c_str()) != 0) fail("cannot write " + path_);
  }

 private:
  const std::string path_;
  const std::string staged_;
};

// Reads a file, a piece after the other, to the end.
std::uint64_t read_pieces(const std::string& path, std::string& piece,
                          const std::function<void(std::string_view)>& take) {
  std::ifstream in(path, std::ios::binary);
  std::uint64_t size = 0;
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto count = static_cast<std::size_t>(in.gcount());
    take(std::string_view(piece).substr(0, count));
    size += count;
  }
  if (in.bad()) throw std::runtime_error("cannot read " + path);
  return size;
}

// By way of memory: not every library notices when a disk does not take what it writes.
void write_file(const std::string& path, const std::string& maker,
                const std::function<void(const std::string& path)>& write) {
  StagedFile file(path);
  const Descriptor memory(::memfd_create("modelhub_compiled", MFD_CLOEXEC));
  if (memory.number() < 0) fail("no memory for it");
  write("/proc/self/fd/" + std::to_string(memory.number()));
  const auto content = map(memory);
  if (!content) throw std::runtime_error("the library wrote nothing");
  const Ending ending = ending_of(content->size(), 0, sum_of(*content, {}, maker));
  file.write(content->data(), content->size());
  unmap(*content);
  file.write(&ending, sizeof ending);
  file.publish();
}

// Straight to the disk, and read back in pieces: the most memory that a load takes is while it has
// all of a model.
void write_parts(const std::string& path, const std::string& maker,
                 const CompileCache::WriteParts& write) {
  const StagedFolder folder(path);
  const std::string content = folder.file(std::filesystem::path(path).filename().string());
  const std::string graph_file = content + ".graph";
  write(content, graph_file);
  std::string piece(std::size_t{256} * 1024, '\0');  // of whole strides, as Sum wants them
  std::string graph;
  read_pieces(graph_file, piece, [&](std::string_view part) { graph += part; });
  if (graph.empty()) throw std::runtime_error("the library wrote nothing");
  Sum sum;
  sum.add(maker);
  std::uint64_t size = 0;
  if (std::filesystem::exists(content))
    size = read_pieces(content, piece, [&](std::string_view part) { sum.add(part); });
  sum.add(graph);
  const Ending ending = ending_of(size, graph.size(), sum.value());
  std::ofstream out(content, std::ios::binary | std::ios::app);
  out << graph;
  out.write(reinterpret_cast<const char*>(&ending), sizeof ending);
  out.close();
  if (!out) fail("cannot write " + path);
  folder.publish(content);
}

}  // namespace

FileTrace::FileTrace(const std::string& path)
    : descriptor_(::open(path.c_str(), O_PATH | O_CLOEXEC)) {}

FileTrace::~FileTrace() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<std::string> FileTrace::path() const {
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0 || status.st_nlink == 0)
    return std::nullopt;
  std::error_code error;
  const std::filesystem::path path =
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor_), error);
  if (error) return std::nullopt;
  return path.string();
}

CompiledFile::CompiledFile(std::string_view mapped) : mapped_(mapped) {}

CompiledFile::CompiledFile(CompiledFile&& other) noexcept
    : mapped_(std::exchange(other.mapped_, {})), graph_size_(other.graph_size_) {}

CompiledFile::~CompiledFile() {
  if (mapped_.data() != nullptr) unmap(mapped_);
}

std::string_view CompiledFile::content() const {
  return mapped_.substr(0, mapped_.size() - sizeof(Ending) - graph_size_);
}

std::string_view CompiledFile::graph() const {
  return mapped_.substr(content().size(), graph_size_);
}

std::optional<CompiledFile> CompiledFile::open(const std::string& path, const std::string& maker) {
  const auto mapped = map(Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
  if (!mapped) return std::nullopt;
  CompiledFile file(*mapped);
  Ending ending{};
  if (mapped->size() <= sizeof ending) return std::nullopt;
  const std::size_t size = mapped->size() - sizeof ending;
  std::memcpy(&ending, mapped->data() + size, sizeof ending);
  if (std::memcmp(ending.magic, k_magic, sizeof k_magic) != 0 || ending.size != size ||
      ending.graph_size > size) {
    return std::nullopt;
  }
  file.graph_size_ = ending.graph_size;
  if (ending.sum != sum_of(file.content(), file.graph(), maker)) return std::nullopt;
  return file;
}

CompileCache::CompileCache(const engine_module::LoadRequest& request, std::string maker,
                           const engine_module::Host& host)
    : path_(request.setting("cache_file").value_or("")), maker_(std::move(maker)), host_(host) {}

std::optional<CompiledFile> CompileCache::find() const {
  std::error_code error;
  if (path_.empty() || !std::filesystem::exists(path_, error)) return std::nullopt;
  std::optional<CompiledFile> file = CompiledFile::open(path_, maker_);
  if (!file) discard("it was made by another library, or is damaged");
  return file;
}

void CompileCache::discard(const std::string& reason) const {
  host_.log(MH_LOG_INFO, "compiling anew: " + path_ + " cannot be used: " + reason);
  std::error_code error;
  std::filesystem::remove(path_, error);
}

bool CompileCache::keep(const Write& write) const {
  return keep_with([&] { write_file(path_, maker_, write); });
}

bool CompileCache::keep_parts(const WriteParts& write) const {
  return keep_with([&] { write_parts(path_, maker_, write); });
}

bool CompileCache::keep_with(const std::function<void()>& write) const try {
  if (path_.empty()) return false;
  write();
  return true;
} catch (const std::exception& failure) {
  // The model runs all the same.
  host_.log(MH_LOG_INFO, std::string("what was compiled is not kept: ") + failure.what());
  return false;
}

}  // namespace modelhub::engine_shared
