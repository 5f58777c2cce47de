// Records in, batches out: decode, filter, encode. Used by one thread at a time.
#pragma once

#include <array>
#include <deque>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "capture/flush.h"
#include "capture/record_decoder.h"
#include "capture/record_schema.h"
#include "capture/workloads.h"
#include "common/batch_encoder.h"
#include "common/filter.h"

namespace traceprobe {

struct PipelineOptions {
  /** EventBatch.epoch. */
  std::vector<uint8_t> epoch;
  /** This machine's name, for filters that ask for it. */
  std::string node;
  /** A batch is closed when it has about this many bytes. */
  size_t max_batch_bytes = 1 << 20;
};

class Pipeline {
 public:
  explicit Pipeline(PipelineOptions options);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  bool HasSchema(uint32_t key) const { return streams_.contains(key); }
  /** Its Key() must be new. */
  void AddSchema(RecordSchema schema, Filter filter);
  /** Its last rows are in the next flush, those that waited among them. */
  void RemoveSchema(uint32_t key);

  /** Never fails: what cannot be decoded is counted. `backlogged`: rows that pass the filter are dropped. */
  void Accept(std::span<const uint8_t> record, int64_t boot_to_wall, bool backlogged);

  /** Says whose cgroups are; events that waited for it go on. From the first call on events of others wait. */
  void SetWorkloads(const WorkloadChange& change);
  /** Cgroups that somebody must say something about, each once. */
  bool HasUnknownCgroups() const { return !asked_.empty(); }
  std::vector<uint64_t> TakeUnknownCgroups() { return std::exchange(asked_, {}); }
  bool HasHeld() const { return !held_.empty(); }
  /** Events that were held before `until` (CLOCK_MONOTONIC, ns) go on, whoever's they are. */
  void ReleaseHeld(int64_t until);
  /** The same for everything that is held of a slot. */
  void ReleaseHeldOf(uint32_t slot);
  /** Events that went on without anybody having said whose they are. */
  uint64_t Unattributed() const { return unattributed_; }

  /** Batches that were closed because they were full, in bytes. */
  size_t ReadyBytes() const { return ready_bytes_; }
  /** Anything that TakeFlush(true) would return. */
  bool HasPending() const { return pending_; }

  /** The full batches; with `all` also those under way. Counts go with the batches. */
  Flush TakeFlush(bool all);

 private:
  struct Stream;
  /** Numbers of a probe's events. */
  struct Sequence {
    std::shared_ptr<uint64_t> next;
    uint64_t begun;  // when a stream of it was added last: counts up
  };
  struct Held {
    int64_t since;  // CLOCK_MONOTONIC, ns
    int64_t boot_to_wall;
    uint32_t key;  // of its schema
    uint64_t cgroup;
    std::vector<uint8_t> record;
  };

  bool Hold(std::span<const uint8_t> record, int64_t boot_to_wall, uint32_t key, uint64_t cgroup);
  void Decide(std::span<const uint8_t> record, int64_t boot_to_wall, bool backlogged, bool hold);
  void Resume(std::deque<Held> held);
  /** Those for which `goes` is true go on, in their order. */
  template <typename Goes>
  void ResumeIf(Goes&& goes);
  std::shared_ptr<uint64_t> SequenceOf(const std::string& probe_uid);
  Stream* Find(uint32_t key);
  void CountUnknown(uint32_t key);
  void Close(Stream& stream);
  void CloseAll();
  void Append(Stream& stream, const std::shared_ptr<const Workload>& workload);

  PipelineOptions options_;
  uint64_t seed_;
  RecordDecoder decoder_;
  std::unordered_map<uint32_t, std::unique_ptr<Stream>> streams_;
  std::array<Stream*, TP_MAX_SLOTS> newest_{};  // the last added stream of each slot: nearly always the right one
  std::unordered_map<std::string, Sequence> sequences_;  // by probe
  uint64_t begun_ = 0;
  std::unordered_map<uint32_t, uint64_t> unknown_;
  Workloads workloads_;
  std::deque<Held> held_;
  size_t held_bytes_ = 0;
  std::unordered_map<uint64_t, size_t> held_cgroups_;  // records held, by cgroup
  std::vector<uint64_t> asked_;
  uint64_t unattributed_ = 0;
  std::vector<FlushedBatch> ready_;
  std::vector<FlushedCounts> counts_;
  size_t ready_bytes_ = 0;
  size_t open_bytes_ = 0;  // of records that went into batches under way
  bool pending_ = false;
};

}  // namespace traceprobe
