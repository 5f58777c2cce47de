// The thread that empties the rings. JavaScript never touches a single event: it gets a Flush now and then.
//
// Lazy: the kernel wakes a reader only when it has caught up, and a wake-up costs the traced program more than its
// event. So the thread sleeps without a time-out while a ring is quiet, but once woken it looks again every few
// milliseconds until a look finds nothing.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "capture/flush.h"
#include "capture/gate_map.h"
#include "capture/pipeline.h"
#include "capture/mapped_ring.h"
#include "capture/wall_clock.h"
#include "common/file_descriptor.h"

namespace traceprobe {

struct DrainerOptions {
  std::vector<int> rings;
  std::optional<int> gates;
  PipelineOptions pipeline;
  /** An event waits at most this long (a quiet ring's first one: not at all), ms. */
  uint32_t flush_milliseconds = 100;
  /** While receivers hold more than this, new events are dropped and counted as backlog. */
  size_t max_pending_bytes = 64 << 20;
};

/** Everything since the start; read while the thread runs, so that a sum may be off by the event under way. */
struct DrainerStatistics {
  std::atomic<uint64_t> records = 0;
  std::atomic<uint64_t> record_bytes = 0;
  std::atomic<uint64_t> wakeups = 0;  // returns from the sleep without time-out
  std::atomic<uint64_t> looks = 0;    // at the rings
  std::atomic<uint64_t> rows = 0;
  std::atomic<uint64_t> filtered = 0;
  std::atomic<uint64_t> malformed = 0;
  std::atomic<uint64_t> backlog = 0;
  std::atomic<uint64_t> unknown = 0;
  std::atomic<uint64_t> flushes = 0;
  std::atomic<uint64_t> batch_bytes = 0;
  std::atomic<uint64_t> clock_steps = 0;
  std::atomic<uint64_t> unattributed = 0;
};

class RingDrainer {
 public:
  /** Called on the thread. False: nobody listens any more. */
  using Sink = std::function<bool(std::unique_ptr<Flush>)>;

  /** Throws SystemFailure when a ring or the gates cannot be mapped. */
  RingDrainer(const DrainerOptions& options, Sink sink);
  RingDrainer(const RingDrainer&) = delete;
  RingDrainer& operator=(const RingDrainer&) = delete;
  /** Stops. */
  ~RingDrainer();

  /** Valid for records that are written after the call. */
  void AddSchema(RecordSchema schema, Filter filter);
  /** What is in the rings now is still decoded, and what waits of it goes on; a Flush then has `id` among its completed
   * ones. */
  void RemoveSchema(uint32_t key, uint32_t id);
  /** A Flush has `id` among its completed ones as soon as what is in the rings now was flushed before or in it, with
   * the events of `slot` (none: of all) that wait for somebody to say whose they are. */
  void Drain(std::optional<uint32_t> slot, uint32_t id);

  /** Says whose cgroups are; events that wait for it go on. */
  void SetWorkloads(WorkloadChange change);

  /** The receiver has taken this much. */
  void Taken(size_t bytes) { pending_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  size_t PendingBytes() const { return pending_bytes_.load(std::memory_order_relaxed); }
  const DrainerStatistics& Statistics() const { return statistics_; }

  /** Ends the thread; what was not flushed is gone. Again: nothing. */
  void Stop();

 private:
  struct Addition {
    RecordSchema schema;
    Filter filter;
  };
  /** A drain or removal: done when every ring has been read up to its mark. */
  struct Wait {
    uint32_t id;
    std::optional<uint32_t> removed_key;
    std::optional<uint32_t> drained_slot;
    std::vector<uint64_t> marks;
  };
  struct Look {
    bool found = false;
    bool busy = false;    // a record was still being written
    bool pressed = false;  // a ring was more than an eighth full
  };

  void Run();
  void Wake();
  /** False: stop. */
  bool TakeRequests();
  void TakeAdditions();
  Look LookAtRings();
  void Accept(std::span<const uint8_t> record);
  std::vector<uint32_t> CompletedWaits();
  void Send(bool all, std::vector<uint32_t> completed);
  void Sleep(const Look& look);

  DrainerOptions options_;
  Sink sink_;
  std::vector<MappedRing> rings_;
  std::optional<GateMap> gates_;
  FileDescriptor wake_;   // eventfd
  FileDescriptor epoll_;  // wake_ and all rings
  DrainerStatistics statistics_;
  std::atomic<size_t> pending_bytes_ = 0;

  std::mutex mutex_;
  std::vector<Addition> additions_;
  std::vector<WorkloadChange> workload_changes_;
  std::vector<Wait> requested_;
  bool stop_ = false;
  std::atomic<bool> has_additions_ = false;

  // Only of the thread:
  Pipeline pipeline_;
  WallClock clock_;
  std::array<uint16_t, TP_MAX_SLOTS> gate_of_slot_;
  std::vector<Wait> waits_;
  int64_t flushed_at_ = INT64_MIN / 2;  // CLOCK_MONOTONIC, ns

  std::thread thread_;
};

}  // namespace traceprobe
