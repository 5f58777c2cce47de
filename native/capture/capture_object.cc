#include "capture/capture_object.h"

#include <string>
#include <utility>
#include <vector>

#include "bpf/arguments.h"
#include "bpf/errors.h"
#include "capture/flush_object.h"
#include "capture/property.h"
#include "capture/schema_argument.h"
#include "capture/system_failure.h"
#include "capture/workload_argument.h"

namespace traceprobe {

namespace {

DrainerOptions TakeOptions(const Napi::Object& object) {
  const std::string where = "Capture: options";
  DrainerOptions options;
  const Napi::Value rings = object.Get("rings");
  if (!rings.IsArray()) {
    throw ArgumentFailure(object.Env(), where + ".rings must be an array of file descriptors, not " + Describe(rings));
  }
  const auto list = rings.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value ring = list.Get(i);
    const auto fd = arg::Int32::From(ring);
    if (!fd) {
      throw ArgumentFailure(object.Env(), where + ".rings[" + std::to_string(i) + "] must be a file descriptor, not " +
                                              Describe(ring));
    }
    options.rings.push_back(*fd);
  }
  options.gates = Property<arg::Optional<arg::Int32>>(object, "gates", where);
  const auto epoch = Property<arg::Bytes>(object, "epoch", where);
  options.pipeline.epoch.assign(epoch.begin(), epoch.end());
  options.pipeline.node = Property<arg::String>(object, "node", where);
  options.pipeline.max_batch_bytes = Property<arg::Uint32>(object, "maxBatchBytes", where);
  options.flush_milliseconds = Property<arg::Uint32>(object, "flushMilliseconds", where);
  options.max_pending_bytes = Property<arg::Uint64>(object, "maxPendingBytes", where);
  return options;
}

}  // namespace

Napi::Function CaptureObject::Define(Napi::Env env) {
  return DefineClass(env, "NativeCapture",
                     {
                         InstanceMethod<&CaptureObject::AddSchema>("addSchema"),
                         InstanceMethod<&CaptureObject::RemoveSchema>("removeSchema"),
                         InstanceMethod<&CaptureObject::SetWorkloads>("setWorkloads"),
                         InstanceMethod<&CaptureObject::Drain>("drain"),
                         InstanceMethod<&CaptureObject::Taken>("taken"),
                         InstanceMethod<&CaptureObject::Stats>("stats"),
                         InstanceMethod<&CaptureObject::KeepAlive>("keepAlive"),
                         InstanceMethod<&CaptureObject::Close>("close"),
                     });
}

CaptureObject::CaptureObject(const Napi::CallbackInfo& info)
    : ObjectWrap(info), owner_(std::make_shared<CaptureObject*>(this)) {
  Napi::Env env = info.Env();
  if (!info[0].IsObject()) throw ArgumentFailure(env, "Capture: options must be an object, not " + Describe(info[0]));
  const auto object = info[0].As<Napi::Object>();
  const DrainerOptions options = TakeOptions(object);
  const auto on_flush = Property<arg::Function>(object, "onFlush", "Capture: options");
  // The queue is bounded by max_pending_bytes, not by a number of flushes.
  channel_ = Channel::New(env, on_flush, "TraceProbe capture", 0, 1, new Owner(owner_),
                          [](Napi::Env, void*, Owner* owner) { delete owner; }, static_cast<void*>(nullptr));
  channel_.Unref(env);
  try {
    drainer_ = std::make_unique<RingDrainer>(options, [channel = channel_](std::unique_ptr<Flush> flush) {
      if (channel.NonBlockingCall(flush.get()) != napi_ok) return false;
      flush.release();  // Deliver() owns it now
      return true;
    });
  } catch (const SystemFailure& failure) {
    channel_.Release();
    throw BpfFailure(env, failure.what(), failure.Error());
  }
  // Hooks run in reverse order, so the thread has ended before Node takes the channel down.
  cleanup_ = env.AddCleanupHook(+[](CaptureObject* capture) { capture->OnEnvironmentEnd(); }, this);
  Ref();  // the thread keeps this alive until close()
}

CaptureObject::~CaptureObject() { *owner_ = nullptr; }

void CaptureObject::OnEnvironmentEnd() {
  drainer_.reset();
  expected_.clear();
}

RingDrainer& CaptureObject::Drainer(Napi::Env env) {
  if (!drainer_) throw ClosedFailure(env, "Capture");
  return *drainer_;
}

void CaptureObject::Deliver(Napi::Env env, Napi::Function on_flush, Owner* owner, Flush* data) {
  const std::unique_ptr<Flush> flush(data);
  // No environment: it is ending. No owner or drainer: closed; what was not drained before is not delivered after.
  if (env == nullptr || **owner == nullptr || !(**owner)->drainer_) return;
  try {
    if (!flush->batches.empty() || !flush->counts.empty() || !flush->unknown_cgroups.empty()) on_flush.Call({FlushObject(env, *flush)});
    // The receiver may have closed us, but not freed: this runs within its turn.
    (**owner)->Settle(flush->completed);
  } catch (const Napi::Error&) {
    // src/capture/capture.ts catches what its receiver throws; here it is a worker that is being terminated.
  }
}

void CaptureObject::Settle(const std::vector<uint32_t>& completed) {
  if (completed.empty() || !drainer_) return;
  for (const uint32_t id : completed) {
    const auto found = expected_.find(id);
    if (found == expected_.end()) continue;
    const Expected expected = found->second;
    expected_.erase(found);
    if (expected.removed_key) schemas_.erase(*expected.removed_key);
    expected.deferred.Resolve(Env().Undefined());
  }
  HoldEventLoop(Env());
}

template <typename Request>
Napi::Value CaptureObject::Expect(Napi::Env env, std::optional<uint32_t> removed_key, Request&& request) {
  const uint32_t id = next_id_++;
  const auto deferred = Napi::Promise::Deferred::New(env);
  expected_.emplace(id, Expected{deferred, removed_key});
  HoldEventLoop(env);
  request(id);
  return deferred.Promise();
}

/** A promise that nobody settles any more must not end the process early, and an idle capture must not hold it. */
void CaptureObject::HoldEventLoop(Napi::Env env) {
  const bool hold = keep_alive_ || !expected_.empty();
  if (hold == holding_) return;
  holding_ = hold;
  if (hold) {
    channel_.Ref(env);
  } else {
    channel_.Unref(env);
  }
}

Napi::Value CaptureObject::AddSchema(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  RingDrainer& drainer = Drainer(env);
  SchemaArgument taken = TakeSchema(info[0], "Capture.addSchema");
  if (!schemas_.insert(taken.schema.Key()).second) {
    throw ArgumentFailure(env, "Capture.addSchema: slot " + std::to_string(taken.schema.slot) + " already has schema " +
                                   std::to_string(taken.schema.schema) +
                                   "; wait for removeSchema() before it is used again");
  }
  drainer.AddSchema(std::move(taken.schema), std::move(taken.filter));
  return env.Undefined();
}

Napi::Value CaptureObject::RemoveSchema(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  RingDrainer& drainer = Drainer(env);
  auto [slot, schema] = Take<arg::Uint32, arg::Uint32>(info, "Capture.removeSchema", {"slot", "schema"});
  const uint32_t key = slot << 16 | (schema & 0xffff);
  if (slot >= TP_MAX_SLOTS || schema > UINT16_MAX || !schemas_.contains(key)) {
    throw ArgumentFailure(env, "Capture.removeSchema: slot " + std::to_string(slot) + " has no schema " +
                                   std::to_string(schema));
  }
  return Expect(env, key, [&](uint32_t id) { drainer.RemoveSchema(key, id); });
}

Napi::Value CaptureObject::SetWorkloads(const Napi::CallbackInfo& info) {
  RingDrainer& drainer = Drainer(info.Env());
  drainer.SetWorkloads(TakeWorkloads(info, "Capture.setWorkloads"));
  return info.Env().Undefined();
}

/** drain(slot?: number) */
Napi::Value CaptureObject::Drain(const Napi::CallbackInfo& info) {
  RingDrainer& drainer = Drainer(info.Env());
  auto [slot] = Take<arg::Optional<arg::Uint32>>(info, "Capture.drain", {"slot"});
  return Expect(info.Env(), std::nullopt, [&, slot](uint32_t id) { drainer.Drain(slot, id); });
}

/** taken(bytes): of a flush, by whoever received it; late calls after close() are fine. */
Napi::Value CaptureObject::Taken(const Napi::CallbackInfo& info) {
  auto [bytes] = Take<arg::Uint64>(info, "Capture.taken", {"bytes"});
  if (drainer_) drainer_->Taken(bytes);
  return info.Env().Undefined();
}

Napi::Value CaptureObject::Stats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const RingDrainer& drainer = Drainer(env);
  const DrainerStatistics& statistics = drainer.Statistics();
  auto object = Napi::Object::New(env);
  const auto set = [&](const char* name, uint64_t value) {
    object.Set(name, Napi::Number::New(env, static_cast<double>(value)));
  };
  set("records", statistics.records);
  set("recordBytes", statistics.record_bytes);
  set("rows", statistics.rows);
  set("filtered", statistics.filtered);
  set("malformed", statistics.malformed);
  set("backlog", statistics.backlog);
  set("unknown", statistics.unknown);
  set("flushes", statistics.flushes);
  set("batchBytes", statistics.batch_bytes);
  set("pendingBytes", drainer.PendingBytes());
  set("looks", statistics.looks);
  set("wakeups", statistics.wakeups);
  set("clockSteps", statistics.clock_steps);
  set("unattributed", statistics.unattributed);
  return object;
}

Napi::Value CaptureObject::KeepAlive(const Napi::CallbackInfo& info) {
  auto [keep_alive] = Take<arg::Boolean>(info, "Capture.keepAlive", {"keepAlive"});
  Drainer(info.Env());
  keep_alive_ = keep_alive;
  HoldEventLoop(info.Env());
  return info.Env().Undefined();
}

Napi::Value CaptureObject::Close(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!drainer_) return env.Undefined();
  drainer_.reset();
  cleanup_.Remove(env);
  for (const auto& [id, expected] : std::exchange(expected_, {})) {
    expected.deferred.Reject(ClosedFailure(env, "Capture").Value());
  }
  keep_alive_ = false;
  HoldEventLoop(env);
  channel_.Release();
  Unref();
  return env.Undefined();
}

}  // namespace traceprobe
