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
                         InstanceMethod<&RecordFeeder::PushAll>("pushAll"),
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

/** pushAll(bytes, ends): records one after another, and where each ends. */
Napi::Value RecordFeeder::PushAll(const Napi::CallbackInfo& info) {
  auto [bytes] = Take<arg::Bytes>(info, "RecordFeeder.pushAll", {"bytes"});
  if (!info[1].IsTypedArray() || info[1].As<Napi::TypedArray>().TypedArrayType() != napi_uint32_array) {
    throw ArgumentFailure(info.Env(), "RecordFeeder.pushAll: ends must be a Uint32Array, not " + Describe(info[1]));
  }
  const auto ends = info[1].As<Napi::Uint32Array>();
  size_t start = 0;
  for (size_t i = 0; i < ends.ElementLength(); ++i) {
    const size_t end = ends[i];
    if (end < start || end > bytes.size()) {
      throw ArgumentFailure(info.Env(), "RecordFeeder.pushAll: record " + std::to_string(i) + " ends at byte " +
                                            std::to_string(end) + " of " + std::to_string(bytes.size()));
    }
    pipeline_->Accept(bytes.subspan(start, end - start), 0, false);
    start = end;
  }
  return info.Env().Undefined();
}

Napi::Value RecordFeeder::TakeFlush(const Napi::CallbackInfo& info) {
  Flush flush = pipeline_->TakeFlush(true);
  return FlushObject(info.Env(), flush);
}

}  // namespace traceprobe
