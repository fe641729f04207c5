// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "compiled_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

namespace modelhub::openvino_engine {
namespace {

using engine_module::Failure;

constexpr char k_magic[8] = {'m', 'h', 'o', 'v', 'f', 'i', 'l', '1'};

// Stands at the end, because OpenVINO writes the beginning.
struct Ending {
  char magic[sizeof k_magic];
  std::uint64_t size;
  std::uint64_t sum;
};

// FNV-1a over words of 8 bytes. Against accidents only: who can write here can write anything.
std::uint64_t add_to_sum(std::uint64_t sum, std::string_view bytes) {
  constexpr std::uint64_t k_prime = 0x100000001B3;
  const auto add = [&sum](std::uint64_t word) {
    sum = (sum ^ word) * k_prime;
    sum ^= sum >> 32;  // or the low bits would never see the high ones
  };
  for (; bytes.size() >= sizeof(std::uint64_t); bytes.remove_prefix(sizeof(std::uint64_t))) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    add(word);
  }
  for (const char byte : bytes) add(static_cast<unsigned char>(byte));
  return sum;
}

std::uint64_t sum_of(std::string_view content, const std::string& build) {
  constexpr std::uint64_t k_offset = 0xCBF29CE484222325;
  return add_to_sum(add_to_sum(k_offset, build), content);
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
  throw Failure(MH_IO_ERROR, MH_ABOUT_ENGINE, what + ": " + std::strerror(errno));
}

}  // namespace

CompiledFile::CompiledFile(std::string_view mapped) : mapped_(mapped) {}

CompiledFile::CompiledFile(CompiledFile&& other) noexcept
    : mapped_(std::exchange(other.mapped_, {})) {}

CompiledFile::~CompiledFile() {
  if (mapped_.data() != nullptr) unmap(mapped_);
}

std::string_view CompiledFile::content() const {
  return mapped_.substr(0, mapped_.size() - sizeof(Ending));
}

std::optional<CompiledFile> CompiledFile::open(const std::string& path, const std::string& build) {
  const auto mapped = map(Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
  if (!mapped) return std::nullopt;
  CompiledFile file(*mapped);
  Ending ending{};
  if (mapped->size() <= sizeof ending) return std::nullopt;
  const std::string_view content = file.content();
  std::memcpy(&ending, content.data() + content.size(), sizeof ending);
  if (std::memcmp(ending.magic, k_magic, sizeof k_magic) != 0 || ending.size != content.size() ||
      ending.sum != sum_of(content, build)) {
    return std::nullopt;
  }
  return file;
}

// By way of memory: OpenVINO does not notice when a disk does not take what it writes.
void CompiledFile::write(const OvLibrary& library, const OvCompiledModel* compiled,
                         const std::string& path) {
  const Descriptor memory(::memfd_create("modelhub_openvino", MFD_CLOEXEC));
  if (memory.number() < 0) fail("no memory for what OpenVINO compiled");
  const std::string name = "/proc/self/fd/" + std::to_string(memory.number());
  library.attempt(
      [&] { return library.api().compiled_model_export_model(compiled, name.c_str()); });
  const auto content = map(memory);
  if (!content) fail("cannot read what OpenVINO compiled");
  const CompiledFile owner(*content);
  Ending ending{};
  std::memcpy(ending.magic, k_magic, sizeof k_magic);
  ending.size = content->size();
  ending.sum = sum_of(*content, library.build());
  // Under another name until it is whole: another load may have the file mapped.
  static std::atomic<unsigned> count{0};
  const std::string temporary =
      path + ".tmp." + std::to_string(::getpid()) + "." + std::to_string(++count);
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out.write(content->data(), static_cast<std::streamsize>(content->size()));
  out.write(reinterpret_cast<const char*>(&ending), sizeof ending);
  out.close();
  if (out && std::rename(temporary.c_str(), path.c_str()) == 0) return;
  const int reason = errno;
  std::remove(temporary.c_str());
  errno = reason;
  fail("cannot write " + path);
}

}  // namespace modelhub::openvino_engine
