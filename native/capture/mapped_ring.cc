#include "capture/mapped_ring.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "capture/system_failure.h"

namespace traceprobe {

namespace {

size_t PageSize() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

[[noreturn]] void Fail(int error, const std::string& attempted) {
  throw SystemFailure(error, attempted);
}

}  // namespace

MappedRing::MappedRing(int fd) {
  bpf_map_info info = {};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0) Fail(errno, "ask for the ring buffer of file descriptor " + std::to_string(fd));
  if (info.type != BPF_MAP_TYPE_RINGBUF) {
    Fail(EINVAL, "drain map '" + std::string(info.name) + "', which is no ring buffer");
  }
  fd_ = FileDescriptor(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!fd_) Fail(errno, "duplicate the ring buffer's file descriptor");
  size_ = info.max_entries;
  const size_t page = PageSize();
  void* const consumer = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.Get(), 0);
  if (consumer == MAP_FAILED) Fail(errno, "map the consumer page of ring buffer '" + std::string(info.name) + "'");
  void* const producer =
      mmap(nullptr, page + 2 * size_, PROT_READ, MAP_SHARED, fd_.Get(), static_cast<off_t>(page));
  if (producer == MAP_FAILED) {
    const int error = errno;
    munmap(consumer, page);
    Fail(error, "map the data of ring buffer '" + std::string(info.name) + "'");
  }
  consumer_ = static_cast<uint64_t*>(consumer);
  producer_ = static_cast<uint64_t*>(producer);
  data_ = static_cast<const uint8_t*>(producer) + page;
  position_ = std::atomic_ref(*consumer_).load(std::memory_order_relaxed);
}

MappedRing::MappedRing(MappedRing&& other) noexcept
    : fd_(std::move(other.fd_)),
      size_(other.size_),
      position_(other.position_),
      consumer_(std::exchange(other.consumer_, nullptr)),
      producer_(std::exchange(other.producer_, nullptr)),
      data_(std::exchange(other.data_, nullptr)) {}

MappedRing::~MappedRing() {
  const size_t page = PageSize();
  if (consumer_ != nullptr) munmap(consumer_, page);
  if (producer_ != nullptr) munmap(producer_, page + 2 * size_);
}

}  // namespace traceprobe
