#include "capture/record_feeder.h"

#include <string>
#include <utility>

#include "bpf/arguments.h"
#include "bpf/errors.h"
#include "capture/flush_object.h"
#include "capture/schema_argument.h"

namespace traceprobe {

Napi::Function RecordFeeder::Define(Napi::Env env) {
  return DefineClass(env, "RecordFeeder",
                     {
                         InstanceMethod<&RecordFeeder::AddSchema>("addSchema"),
                         InstanceMethod<&RecordFeeder::RemoveSchema>("removeSchema"),
                         InstanceMethod<&RecordFeeder::Push>("push"),
                         InstanceMethod<&RecordFeeder::TakeFlush>("takeFlush"),
                     });
}

RecordFeeder::RecordFeeder(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  auto [epoch, max_batch_bytes, node] = Take<arg::Bytes, arg::Default<arg::Uint32, 1u << 20>, arg::Optional<arg::String>>(
      info, "RecordFeeder", {"epoch", "maxBatchBytes", "node"});
  PipelineOptions options;
  options.epoch.assign(epoch.begin(), epoch.end());
  options.max_batch_bytes = max_batch_bytes;
  options.node = node.value_or("");
  pipeline_ = std::make_unique<Pipeline>(std::move(options));
}

Napi::Value RecordFeeder::AddSchema(const Napi::CallbackInfo& info) {
  SchemaArgument taken = TakeSchema(info[0], "RecordFeeder.addSchema");
  if (pipeline_->HasSchema(taken.schema.Key())) {
    throw ArgumentFailure(info.Env(), "RecordFeeder.addSchema: slot " + std::to_string(taken.schema.slot) +
                                          " already has schema " + std::to_string(taken.schema.schema));
  }
  pipeline_->AddSchema(std::move(taken.schema), std::move(taken.filter));
  return info.Env().Undefined();
}

Napi::Value RecordFeeder::RemoveSchema(const Napi::CallbackInfo& info) {
  auto [slot, schema] = Take<arg::Uint32, arg::Uint32>(info, "RecordFeeder.removeSchema", {"slot", "schema"});
  pipeline_->RemoveSchema(slot << 16 | schema);
  return info.Env().Undefined();
}

/** push(record, bootToWall: bigint, times = 1): the record as it would lie in the ring, without the ring's header. */
Napi::Value RecordFeeder::Push(const Napi::CallbackInfo& info) {
  auto [record, boot_to_wall, times, backlogged] =
      Take<arg::Bytes, arg::Uint64, arg::Default<arg::Uint32, 1u>, arg::Default<arg::Boolean, false>>(
          info, "RecordFeeder.push", {"record", "bootToWall", "times", "backlogged"});
  for (uint32_t i = 0; i < times; ++i) {
    pipeline_->Accept(record, static_cast<int64_t>(boot_to_wall), backlogged);
  }
  return info.Env().Undefined();
}

Napi::Value RecordFeeder::TakeFlush(const Napi::CallbackInfo& info) {
  Flush flush = pipeline_->TakeFlush(true);
  return FlushObject(info.Env(), flush);
}

}  // namespace traceprobe
