// The JavaScript class Capture: owns the draining thread and brings its flushes to the event loop.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "capture/ring_drainer.h"

namespace traceprobe {

class CaptureObject : public Napi::ObjectWrap<CaptureObject> {
 public:
  static Napi::Function Define(Napi::Env env);

  /** new Capture({ rings, gates, epoch, node, flushMilliseconds, maxBatchBytes, maxPendingBytes, onFlush }) */
  explicit CaptureObject(const Napi::CallbackInfo& info);
  ~CaptureObject() override;

 private:
  /** Where flushes under way find this object, or null when it has gone. */
  using Owner = std::shared_ptr<CaptureObject*>;
  static void Deliver(Napi::Env env, Napi::Function on_flush, Owner* owner, Flush* data);
  using Channel = Napi::TypedThreadSafeFunction<Owner, Flush, Deliver>;

  /** A promise that a flush will settle. */
  struct Expected {
    Napi::Promise::Deferred deferred;
    std::optional<uint32_t> removed_key;
  };

  Napi::Value AddSchema(const Napi::CallbackInfo& info);
  Napi::Value RemoveSchema(const Napi::CallbackInfo& info);
  Napi::Value SetWorkloads(const Napi::CallbackInfo& info);
  Napi::Value Drain(const Napi::CallbackInfo& info);
  Napi::Value Taken(const Napi::CallbackInfo& info);
  Napi::Value Stats(const Napi::CallbackInfo& info);
  Napi::Value KeepAlive(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  RingDrainer& Drainer(Napi::Env env);
  /** Registers a promise; `request` gets its id. */
  template <typename Request>
  Napi::Value Expect(Napi::Env env, std::optional<uint32_t> removed_key, Request&& request);
  void Settle(const std::vector<uint32_t>& completed);
  void HoldEventLoop(Napi::Env env);
  void OnEnvironmentEnd();

  Owner owner_;
  std::unique_ptr<RingDrainer> drainer_;  // null: closed
  Channel channel_;
  Napi::Env::CleanupHook<void (*)(CaptureObject*), CaptureObject> cleanup_;
  std::unordered_set<uint32_t> schemas_;  // keys, until the end of their removal
  std::unordered_map<uint32_t, Expected> expected_;
  uint32_t next_id_ = 1;
  bool keep_alive_ = false;
  bool holding_ = false;  // the event loop
};

}  // namespace traceprobe
