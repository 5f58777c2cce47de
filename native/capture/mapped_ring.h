// This process's end of a BPF ring buffer. Written out instead of using libbpf's, which publishes its position after
// every record: then the kernel finds the reader caught up, and wakes it, far more often.
// Layout: kernel/bpf/ringbuf.c. A page with the consumer's position, a page with the producer's, then the data,
// twice in a row so that no record is torn; of the second copy we map what a record can reach into.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstddef>
#include <optional>
#include <span>

#include "common/file_descriptor.h"

namespace traceprobe {

class MappedRing {
 public:
  /** Throws SystemFailure naming the step. `fd` is duplicated. */
  explicit MappedRing(int fd);
  MappedRing(MappedRing&& other) noexcept;
  MappedRing(const MappedRing&) = delete;
  MappedRing& operator=(const MappedRing&) = delete;
  ~MappedRing();

  /** Readable when there is a record. */
  int Fd() const { return fd_.Get(); }
  size_t Size() const { return size_; }
  uint64_t Position() const { return position_; }
  /** Where the newest reserved record ends; not before Position(). */
  uint64_t ProducerPosition() const { return std::atomic_ref(*producer_).load(std::memory_order_acquire); }

  /**
   * Hands over records up to `end` (a position) or about `most` bytes of them, then gives their room back to the
   * kernel: records are valid only within the call. `on_record` takes a std::span<const uint8_t>. Returns whether the
   * next record is still being written.
   */
  template <typename OnRecord>
  bool Consume(uint64_t end, uint64_t most, OnRecord&& on_record) {
    bool busy = false;
    if (end - position_ > most) end = position_ + most;
    while (position_ < end) {
      const uint8_t* const header = data_ + (position_ & (size_ - 1));
      const uint32_t word =
          std::atomic_ref(*reinterpret_cast<uint32_t*>(const_cast<uint8_t*>(header))).load(std::memory_order_acquire);
      if (word & kBusy) {
        busy = true;
        break;
      }
      const uint32_t length = word & ~(kBusy | kDiscard);
      // None of ours is so long that it could not be read; an empty one is counted as malformed.
      const bool readable = static_cast<size_t>(header - data_) + kHeaderBytes + length <= readable_;
      if (!(word & kDiscard)) on_record(std::span<const uint8_t>(header + kHeaderBytes, readable ? length : 0));
      position_ += (static_cast<uint64_t>(length) + kHeaderBytes + 7) & ~uint64_t{7};
    }
    // Sequentially consistent: a producer that commits after this sees that we have caught up, or the next look at
    // its position sees the record.
    std::atomic_ref(*consumer_).store(position_, std::memory_order_seq_cst);
    return busy;
  }

 private:
  static constexpr uint32_t kBusy = 1u << 31;
  static constexpr uint32_t kDiscard = 1u << 30;
  static constexpr size_t kHeaderBytes = 8;

  FileDescriptor fd_;
  size_t size_ = 0;      // of the data, a power of two
  size_t readable_ = 0;  // bytes mapped from data_ on
  uint64_t position_ = 0;
  uint64_t* consumer_ = nullptr;
  uint64_t* producer_ = nullptr;  // its page is read-only
  const uint8_t* data_ = nullptr;
};

}  // namespace traceprobe
