#include "capture/mapped_ring.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "capture/system_failure.h"
#include "traceprobe.h"

namespace traceprobe {

namespace {

/**
 * Of the data's second copy, for records that begin in the first: the largest that our programs write (capture.h:
 * header, words, and what the variable part may overshoot its room by) has 193 KiB. Mapping all of it would count the
 * ring twice as resident.
 */
constexpr size_t kSecondCopy = 256 * 1024;
static_assert(kSecondCopy >= sizeof(tp_record) + 8 * TP_MAX_FIELDS + TP_LARGE_VARIABLE + TP_MAX_VALUE_BYTES + 8);

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
  readable_ = size_ + std::min(size_, kSecondCopy);
  const size_t page = PageSize();
  void* const consumer = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.Get(), 0);
  if (consumer == MAP_FAILED) Fail(errno, "map the consumer page of ring buffer '" + std::string(info.name) + "'");
  void* const producer =
      mmap(nullptr, page + readable_, PROT_READ, MAP_SHARED, fd_.Get(), static_cast<off_t>(page));
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
      readable_(other.readable_),
      position_(other.position_),
      consumer_(std::exchange(other.consumer_, nullptr)),
      producer_(std::exchange(other.producer_, nullptr)),
      data_(std::exchange(other.data_, nullptr)) {}

MappedRing::~MappedRing() {
  const size_t page = PageSize();
  if (consumer_ != nullptr) munmap(consumer_, page);
  if (producer_ != nullptr) munmap(producer_, page + readable_);
}

}  // namespace traceprobe
