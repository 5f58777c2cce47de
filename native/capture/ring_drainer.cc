#include "capture/ring_drainer.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "capture/system_failure.h"

namespace traceprobe {

namespace {

constexpr int64_t kMillisecond = 1'000'000;
/** Between looks at rings that fill slowly. */
constexpr int kLazyMilliseconds = 5;
/** Between looks when a ring fills fast, or when somebody waits for a record that is being written. */
constexpr int kHastyMilliseconds = 1;
/** Room is given back to the kernel, and to the probes' shares, after this many bytes. */
constexpr uint64_t kChunkBytes = 128 * 1024;
constexpr int kDrainerNice = -10;
constexpr uint16_t kNoGate = UINT16_MAX;
/** An event waits so long for somebody to say whose it is: the API server tells of a container up to 1 s later. */
constexpr int64_t kHoldNanoseconds = 5'000 * kMillisecond;
/** How often held events are looked at. */
constexpr int kHeldMilliseconds = 250;

/** Only this thread writes statistics, so that no locked instruction is needed for each event. */
void Add(std::atomic<uint64_t>& counter, uint64_t value) {
  counter.store(counter.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
}

/**
 * The calling thread comes before ordinary ones. On a machine that is busy with what is traced it would otherwise get
 * its turn only when the rings are full, and events are lost{share}; it runs for a millisecond at a time.
 * Takes CAP_SYS_NICE or a raised RLIMIT_NICE: without them (EACCES, EPERM) it stays as it is.
 */
void PreferThisThread() { (void)!setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kDrainerNice); }

void Watch(int epoll, int fd) {
  epoll_event event = {};
  event.events = EPOLLIN;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
    throw SystemFailure(errno, "watch a ring buffer with epoll");
  }
}

}  // namespace

RingDrainer::RingDrainer(const DrainerOptions& options, Sink sink)
    : options_(options),
      sink_(std::move(sink)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      pipeline_(options.pipeline) {
  if (!wake_ || !epoll_) throw SystemFailure(errno, "create an epoll instance");
  gate_of_slot_.fill(kNoGate);
  Watch(epoll_.Get(), wake_.Get());
  for (const int fd : options_.rings) {
    rings_.emplace_back(fd);
    Watch(epoll_.Get(), rings_.back().Fd());
  }
  if (options_.gates) gates_.emplace(*options_.gates);

  // Signals are Node's: none may be handled on this thread.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] {
    PreferThisThread();
    Run();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), "tp-drain");
}

RingDrainer::~RingDrainer() { Stop(); }

void RingDrainer::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  Wake();
  thread_.join();
}

void RingDrainer::Wake() {
  const uint64_t one = 1;
  (void)!write(wake_.Get(), &one, sizeof(one));  // full only when it is readable anyway
}

void RingDrainer::AddSchema(RecordSchema schema, Filter filter) {
  const std::lock_guard lock(mutex_);
  additions_.push_back({std::move(schema), std::move(filter)});
  has_additions_.store(true, std::memory_order_release);
}

void RingDrainer::SetWorkloads(WorkloadChange change) {
  {
    const std::lock_guard lock(mutex_);
    workload_changes_.push_back(std::move(change));
    has_additions_.store(true, std::memory_order_release);
  }
  Wake();
}

void RingDrainer::RemoveSchema(uint32_t key, uint32_t id) {
  {
    const std::lock_guard lock(mutex_);
    requested_.push_back({id, key, std::nullopt, {}});
  }
  Wake();
}

void RingDrainer::Drain(std::optional<uint32_t> slot, uint32_t id) {
  {
    const std::lock_guard lock(mutex_);
    requested_.push_back({id, std::nullopt, slot, {}});
  }
  Wake();
}

void RingDrainer::TakeAdditions() {
  if (!has_additions_.load(std::memory_order_acquire)) return;
  std::vector<Addition> additions;
  std::vector<WorkloadChange> workload_changes;
  {
    const std::lock_guard lock(mutex_);
    additions.swap(additions_);
    workload_changes.swap(workload_changes_);
    has_additions_.store(false, std::memory_order_relaxed);
  }
  for (auto& addition : additions) {
    gate_of_slot_[addition.schema.slot] = addition.schema.gate;
    pipeline_.AddSchema(std::move(addition.schema), std::move(addition.filter));
  }
  for (const WorkloadChange& change : workload_changes) pipeline_.SetWorkloads(change);
}

bool RingDrainer::TakeRequests() {
  uint64_t ignored;
  (void)!read(wake_.Get(), &ignored, sizeof(ignored));
  TakeAdditions();
  std::vector<Wait> requested;
  {
    const std::lock_guard lock(mutex_);
    if (stop_) return false;
    requested.swap(requested_);
  }
  for (Wait& wait : requested) {
    for (const MappedRing& ring : rings_) wait.marks.push_back(ring.ProducerPosition());
    waits_.push_back(std::move(wait));
  }
  return true;
}

void RingDrainer::Run() {
  while (TakeRequests()) {
    const Look look = LookAtRings();
    const std::vector<uint32_t> completed = CompletedWaits();
    const int64_t now = ClockNanoseconds(CLOCK_MONOTONIC);
    pipeline_.ReleaseHeld(now - kHoldNanoseconds);
    statistics_.unattributed.store(pipeline_.Unattributed(), std::memory_order_relaxed);
    const bool due = pipeline_.HasPending() && now - flushed_at_ >= options_.flush_milliseconds * kMillisecond;
    if (due || !completed.empty() || pipeline_.HasUnknownCgroups()) Send(true, completed);
    Sleep(look);
  }
}

RingDrainer::Look RingDrainer::LookAtRings() {
  Look look;
  Add(statistics_.looks, 1);
  for (MappedRing& ring : rings_) {
    const uint64_t end = ring.ProducerPosition();
    look.pressed |= end - ring.Position() > ring.Size() / 8;
    while (ring.Position() < end) {
      const uint64_t before = ring.Position();
      const bool busy = ring.Consume(end, kChunkBytes, [this](std::span<const uint8_t> record) { Accept(record); });
      if (gates_) gates_->Release();
      if (ring.Position() != before) {
        look.found = true;
        clock_.Refresh(ClockNanoseconds(CLOCK_MONOTONIC));
      }
      if (pipeline_.ReadyBytes() > 0) Send(false, {});
      if (busy) {
        look.busy = true;
        break;
      }
    }
  }
  statistics_.clock_steps.store(clock_.Steps(), std::memory_order_relaxed);
  return look;
}

void RingDrainer::Accept(std::span<const uint8_t> record) {
  Add(statistics_.records, 1);
  Add(statistics_.record_bytes, record.size());
  // Whoever adds a schema does so before its first record is written: seeing the record, we see the addition.
  TakeAdditions();
  if (gates_ && record.size() >= sizeof(uint16_t)) {
    uint16_t slot;
    std::memcpy(&slot, record.data(), sizeof(slot));
    if (slot < gate_of_slot_.size()) gates_->Add(gate_of_slot_[slot], static_cast<uint32_t>(record.size()));
  }
  pipeline_.Accept(record, clock_.Offset(), PendingBytes() >= options_.max_pending_bytes);
}

/** Removes what was to be removed behind its last record, and takes what is done off the list. */
std::vector<uint32_t> RingDrainer::CompletedWaits() {
  std::vector<uint32_t> completed;
  std::erase_if(waits_, [&](const Wait& wait) {
    for (size_t i = 0; i < rings_.size(); ++i) {
      if (rings_[i].Position() < wait.marks[i]) return false;
    }
    // Whoever asks for its events gets them now; those of others go on waiting.
    if (wait.removed_key) {
      pipeline_.RemoveSchema(*wait.removed_key);
    } else if (wait.drained_slot) {
      pipeline_.ReleaseHeldOf(*wait.drained_slot);
    } else {
      pipeline_.ReleaseHeld(INT64_MAX);
    }
    completed.push_back(wait.id);
    return true;
  });
  return completed;
}

void RingDrainer::Send(bool all, std::vector<uint32_t> completed) {
  if (all) flushed_at_ = ClockNanoseconds(CLOCK_MONOTONIC);
  // Nothing but counts can wait until there is room for them: flushes that nobody takes must not pile up.
  if (completed.empty() && !pipeline_.HasUnknownCgroups() && PendingBytes() >= options_.max_pending_bytes && pipeline_.ReadyBytes() == 0) return;
  auto flush = std::make_unique<Flush>(pipeline_.TakeFlush(all));
  flush->completed = std::move(completed);
  flush->unknown_cgroups = pipeline_.TakeUnknownCgroups();
  for (const FlushedCounts& counts : flush->counts) {
    Add(statistics_.rows, counts.rows);
    Add(statistics_.filtered, counts.filtered);
    Add(statistics_.malformed, counts.malformed);
    Add(statistics_.backlog, counts.backlog);
    Add(statistics_.unknown, counts.unknown);
  }
  const size_t bytes = flush->Bytes();
  Add(statistics_.flushes, 1);
  Add(statistics_.batch_bytes, bytes);
  pending_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (!sink_(std::move(flush))) Taken(bytes);
}

void RingDrainer::Sleep(const Look& look) {
  if (look.found || look.busy || !waits_.empty()) {
    pollfd request = {wake_.Get(), POLLIN, 0};
    poll(&request, 1, look.pressed || !waits_.empty() ? kHastyMilliseconds : kLazyMilliseconds);
    return;
  }
  int timeout = -1;
  if (pipeline_.HasPending()) {
    const int64_t due = flushed_at_ + options_.flush_milliseconds * kMillisecond;
    const int64_t left = std::max<int64_t>(0, due - ClockNanoseconds(CLOCK_MONOTONIC));
    timeout = static_cast<int>((left + kMillisecond - 1) / kMillisecond);
  }
  if (pipeline_.HasHeld() && (timeout < 0 || timeout > kHeldMilliseconds)) timeout = kHeldMilliseconds;
  epoll_event event;
  if (epoll_wait(epoll_.Get(), &event, 1, timeout) > 0) Add(statistics_.wakeups, 1);
}

}  // namespace traceprobe
