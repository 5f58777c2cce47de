// The data path without a kernel: records are pushed as bytes, batches come out. For tests and measurements.
#pragma once

#include <napi.h>

#include <memory>

#include "capture/pipeline.h"

namespace traceprobe {

class RecordFeeder : public Napi::ObjectWrap<RecordFeeder> {
 public:
  static Napi::Function Define(Napi::Env env);

  /** new RecordFeeder(epoch: bytes, maxBatchBytes?: number, node?: string) */
  explicit RecordFeeder(const Napi::CallbackInfo& info);

 private:
  Napi::Value AddSchema(const Napi::CallbackInfo& info);
  Napi::Value RemoveSchema(const Napi::CallbackInfo& info);
  Napi::Value Push(const Napi::CallbackInfo& info);
  Napi::Value PushAll(const Napi::CallbackInfo& info);
  Napi::Value TakeFlush(const Napi::CallbackInfo& info);

  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace traceprobe
