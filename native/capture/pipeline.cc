#include "capture/pipeline.h"

#include <sys/random.h>
#include <time.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "capture/filter_row.h"
#include "capture/wall_clock.h"

namespace traceprobe {

namespace format = batch_format;

namespace {

// In the order of Append().
constexpr BatchColumn kBuiltinColumns[] = {
    {format::kTime, CellKind::kSigned},       {format::kPid, CellKind::kUnsigned},
    {format::kTid, CellKind::kUnsigned},      {format::kPpid, CellKind::kUnsigned},
    {format::kUid, CellKind::kUnsigned},      {format::kGid, CellKind::kUnsigned},
    {format::kComm, CellKind::kDictionary},   {format::kContext, CellKind::kUnsigned},
    {format::kCgroup, CellKind::kUnsigned},   {format::kTruncated, CellKind::kUnsigned, true},
    {format::kWorkload, CellKind::kUnsigned, true},
};

/** Batches under way of all probes together hold at most this many times the size of one. */
constexpr size_t kOpenBatches = 8;
/** Distinct keys of unknown records that are told apart; only garbage has more. */
constexpr size_t kUnknownKeys = 1024;
constexpr uint32_t kOtherKey = UINT32_MAX;
/** Probes whose numbers are remembered. One that ended may come back in this epoch, as when its node is selected again,
 * and whoever stores its events takes numbers that begin anew for ones that it has. Half a MB; nobody makes so many. */
constexpr size_t kSequences = 4096;
/** Events that wait for somebody to say whose they are; beyond it they do not wait. */
constexpr size_t kHeldBytes = 16 << 20;

std::vector<BatchColumn> ColumnsOf(const RecordSchema& schema) {
  std::vector<BatchColumn> columns(std::begin(kBuiltinColumns), std::end(kBuiltinColumns));
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    if (!schema.columns[i].visible) continue;
    columns.push_back({format::kFirstPointColumn + static_cast<uint32_t>(i), CellKindOf(schema.columns[i].type)});
  }
  return columns;
}

uint64_t RandomSeed() {
  uint64_t seed = 0x9e3779b97f4a7c15;
  // Without entropy the dictionaries still work; only whoever chooses strings could make them slow.
  (void)!getrandom(&seed, sizeof(seed), GRND_NONBLOCK);
  return seed;
}

}  // namespace

struct Pipeline::Stream {
  RecordSchema schema;
  Filter filter;
  std::shared_ptr<uint64_t> sequence;
  BatchEncoder encoder;
  size_t open_bytes = 0;  // of records in the batch under way
  uint64_t filtered = 0;
  uint64_t malformed = 0;
  uint64_t backlog = 0;
  uint64_t unattributed = 0;
  // Of the batch under way, and the number of each in it (from 1).
  std::vector<std::shared_ptr<const Workload>> workloads{};
  std::unordered_map<const Workload*, uint64_t> codes{};

  uint64_t CodeOf(const std::shared_ptr<const Workload>& workload) {
    const auto [found, added] = codes.try_emplace(workload.get(), workloads.size() + 1);
    if (added) workloads.push_back(workload);
    return found->second;
  }
};

Pipeline::Pipeline(PipelineOptions options) : options_(std::move(options)), seed_(RandomSeed()) {}
Pipeline::~Pipeline() = default;

void Pipeline::AddSchema(RecordSchema schema, Filter filter) {
  auto sequence = SequenceOf(schema.probe_uid);
  const uint32_t key = schema.Key();
  BatchEncoder encoder(ColumnsOf(schema), seed_);
  auto stream = std::unique_ptr<Stream>(
      new Stream{std::move(schema), std::move(filter), std::move(sequence), std::move(encoder)});
  newest_[stream->schema.slot] = stream.get();
  streams_[key] = std::move(stream);
}

std::shared_ptr<uint64_t> Pipeline::SequenceOf(const std::string& probe_uid) {
  if (!sequences_.contains(probe_uid) && sequences_.size() >= kSequences) {
    auto oldest = sequences_.end();
    for (auto it = sequences_.begin(); it != sequences_.end(); ++it) {
      const bool ended = it->second.next.use_count() == 1;
      if (ended && (oldest == sequences_.end() || it->second.begun < oldest->second.begun)) oldest = it;
    }
    if (oldest != sequences_.end()) sequences_.erase(oldest);
  }
  Sequence& sequence = sequences_[probe_uid];
  if (!sequence.next) sequence.next = std::make_shared<uint64_t>(0);
  sequence.begun = ++begun_;
  return sequence.next;
}

void Pipeline::RemoveSchema(uint32_t key) {
  const auto found = streams_.find(key);
  if (found == streams_.end()) return;
  ResumeIf([&](const Held& one) { return one.key == key; });
  Close(*found->second);
  Stream*& newest = newest_[key >> 16];
  if (newest == found->second.get()) newest = nullptr;
  streams_.erase(found);
}

Pipeline::Stream* Pipeline::Find(uint32_t key) {
  const uint32_t slot = key >> 16;
  if (slot < newest_.size() && newest_[slot] != nullptr && newest_[slot]->schema.Key() == key) return newest_[slot];
  const auto found = streams_.find(key);
  return found == streams_.end() ? nullptr : found->second.get();
}

void Pipeline::CountUnknown(uint32_t key) {
  if (!unknown_.contains(key) && unknown_.size() >= kUnknownKeys) key = kOtherKey;
  ++unknown_[key];
}

void Pipeline::Accept(std::span<const uint8_t> record, int64_t boot_to_wall, bool backlogged) {
  Decide(record, boot_to_wall, backlogged, true);
}

/** True: it waits. The first one of a cgroup has somebody asked. */
bool Pipeline::Hold(std::span<const uint8_t> record, int64_t boot_to_wall, uint32_t key, uint64_t cgroup) {
  if (held_bytes_ + record.size() > kHeldBytes) return false;
  if (held_cgroups_[cgroup]++ == 0) asked_.push_back(cgroup);
  held_bytes_ += record.size();
  held_.push_back({ClockNanoseconds(CLOCK_MONOTONIC), boot_to_wall, key, cgroup, {record.begin(), record.end()}});
  return true;
}

void Pipeline::Resume(std::deque<Held> held) {
  for (const Held& one : held) {
    held_bytes_ -= one.record.size();
    if (--held_cgroups_[one.cgroup] == 0) held_cgroups_.erase(one.cgroup);
    Decide(one.record, one.boot_to_wall, false, false);
  }
}

template <typename Goes>
void Pipeline::ResumeIf(Goes&& goes) {
  std::deque<Held> going;
  std::deque<Held> others;
  for (Held& one : held_) (goes(one) ? going : others).push_back(std::move(one));
  held_ = std::move(others);
  Resume(std::move(going));
}

void Pipeline::SetWorkloads(const WorkloadChange& change) {
  workloads_.Apply(change);
  ResumeIf([&](const Held& one) { return workloads_.Find(one.cgroup) != nullptr; });
}

void Pipeline::ReleaseHeldOf(uint32_t slot) {
  ResumeIf([&](const Held& one) { return one.key >> 16 == slot; });
}

void Pipeline::ReleaseHeld(int64_t until) {
  if (held_.empty() || held_.front().since >= until) return;
  std::deque<Held> released;
  while (!held_.empty() && held_.front().since < until) {
    released.push_back(std::move(held_.front()));
    held_.pop_front();
  }
  Resume(std::move(released));
}

void Pipeline::Decide(std::span<const uint8_t> record, int64_t boot_to_wall, bool backlogged, bool hold) {
  pending_ = true;
  uint16_t ids[2] = {UINT16_MAX, UINT16_MAX};  // slot, schema
  static_assert(offsetof(tp_record, slot) == 0 && offsetof(tp_record, schema) == 2);
  if (record.size() >= sizeof(ids)) std::memcpy(ids, record.data(), sizeof(ids));
  const uint32_t key = static_cast<uint32_t>(ids[0]) << 16 | ids[1];
  Stream* const stream = Find(key);
  if (stream == nullptr) {
    CountUnknown(key);
    return;
  }
  if (!decoder_.Decode(stream->schema, record, boot_to_wall)) {
    ++stream->malformed;
    return;
  }
  std::shared_ptr<const Workload> workload;
  FilterRow::Owner owner;
  if (!workloads_.Empty() && decoder_.Header().context == TP_CONTEXT_TASK) {
    const uint64_t cgroup = decoder_.Header().cgroup;
    workload = workloads_.Find(cgroup);
    if (!workload) {
      if (hold && Hold(record, boot_to_wall, key, cgroup)) return;
      owner.unattributed = true;
      ++unattributed_;
      ++stream->unattributed;
    }
  }
  if (stream->schema.scoped) {
    const bool selected = workload ? workload->Selects(stream->schema.gate)
                                   : !owner.unattributed && stream->schema.host;
    if (!selected) {
      ++stream->filtered;
      return;
    }
  }
  if (workload && !workload->IsPod()) workload = nullptr;
  owner.workload = workload.get();
  if (!stream->filter.Matches(FilterRow(decoder_, options_.node, owner))) {
    ++stream->filtered;
    return;
  }
  if (backlogged) {
    ++stream->backlog;
    return;
  }
  Append(*stream, workload);
  stream->open_bytes += record.size();
  open_bytes_ += record.size();
  if (stream->encoder.Full() || stream->encoder.EstimatedBytes() >= options_.max_batch_bytes) {
    Close(*stream);
  } else if (open_bytes_ >= kOpenBatches * options_.max_batch_bytes) {
    CloseAll();
  }
}

void Pipeline::Append(Stream& stream, const std::shared_ptr<const Workload>& workload) {
  const tp_record& header = decoder_.Header();
  BatchEncoder& encoder = stream.encoder;
  encoder.BeginRow();
  encoder.Set(0, static_cast<uint64_t>(decoder_.Time()));
  encoder.Set(1, uint64_t{header.pid});
  encoder.Set(2, uint64_t{header.tid});
  encoder.Set(3, uint64_t{header.ppid});
  encoder.Set(4, uint64_t{header.uid});
  encoder.Set(5, uint64_t{header.gid});
  encoder.Set(6, decoder_.Comm());
  encoder.Set(7, uint64_t{header.context});
  encoder.Set(8, uint64_t{header.cgroup});
  encoder.Set(9, uint64_t{header.truncated_fields});
  encoder.Set(10, workload ? stream.CodeOf(workload) : uint64_t{0});
  size_t to = std::size(kBuiltinColumns);
  const auto set = [&](const auto& value) {
    if (value) {
      encoder.Set(to, *value);
    } else {
      encoder.SetFault(to);
    }
  };
  const auto& columns = stream.schema.columns;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].visible) continue;
    if (CellKindOf(columns[i].type) == CellKind::kDictionary) {
      set(decoder_.String(i));
    } else {
      set(decoder_.Number(i));
    }
    ++to;
  }
}

/** The batch under way, if there is anything to tell, becomes a ready one. */
void Pipeline::Close(Stream& stream) {
  const uint32_t rows = stream.encoder.Rows();
  // What is unattributed is one of these as well.
  if (rows == 0 && stream.filtered == 0 && stream.malformed == 0 && stream.backlog == 0) return;
  pending_ = true;
  open_bytes_ -= std::exchange(stream.open_bytes, 0);
  const RecordSchema& schema = stream.schema;
  BatchHead head;
  head.probe_uid = schema.probe_uid;
  head.generation = schema.generation;
  head.epoch = options_.epoch;
  head.first_sequence = *stream.sequence;
  head.schema = schema.point;
  head.filtered = stream.filtered;
  head.lost_backlog = stream.backlog;
  head.lost_malformed = stream.malformed;
  std::vector<BatchWorkload> workloads;
  for (const auto& workload : stream.workloads) {
    workloads.push_back({workload->cgroup, workload->namespace_name, workload->pod, workload->pod_uid,
                         workload->container});
  }
  head.workloads = workloads;
  EncodedBatch encoded = stream.encoder.Finish(head);
  stream.workloads.clear();
  stream.codes.clear();
  *stream.sequence += rows;
  ready_bytes_ += encoded.size;
  ready_.push_back({schema.slot, schema.schema, rows, std::move(encoded)});
  FlushedCounts counts{schema.slot, schema.schema};
  counts.rows = rows;
  counts.filtered = std::exchange(stream.filtered, 0);
  counts.malformed = std::exchange(stream.malformed, 0);
  counts.backlog = std::exchange(stream.backlog, 0);
  counts.unattributed = std::exchange(stream.unattributed, 0);
  counts_.push_back(counts);
}

void Pipeline::CloseAll() {
  for (const auto& [key, stream] : streams_) Close(*stream);
}

Flush Pipeline::TakeFlush(bool all) {
  if (all) {
    CloseAll();
    for (const auto& [key, records] : unknown_) {
      FlushedCounts counts{static_cast<uint16_t>(key >> 16), static_cast<uint16_t>(key)};
      counts.unknown = records;
      counts_.push_back(counts);
    }
    unknown_.clear();
    pending_ = false;
  }
  Flush flush;
  flush.batches = std::exchange(ready_, {});
  flush.counts = std::exchange(counts_, {});
  ready_bytes_ = 0;
  return flush;
}

}  // namespace traceprobe
