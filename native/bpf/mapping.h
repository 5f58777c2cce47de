// The memory of a BPF_F_MMAPABLE array in this process.
#pragma once

#include <napi.h>
#include <sys/mman.h>

#include <cstddef>

namespace traceprobe {

/** Owns one mmap(2) of a map. The kernel keeps the map alive as long as it is mapped, whatever is closed. */
class Mapping {
 public:
  Mapping(void* address, size_t bytes) : address_(address), bytes_(bytes) {}
  ~Mapping() { munmap(address_, bytes_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  void* Address() const { return address_; }
  size_t Bytes() const { return bytes_; }

 private:
  void* address_;
  size_t bytes_;
};

}  // namespace traceprobe
