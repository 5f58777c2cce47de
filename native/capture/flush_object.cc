#include "capture/flush_object.h"

namespace traceprobe {

namespace {

Napi::Value BufferOf(Napi::Env env, EncodedBatch& batch) {
  uint8_t* const bytes = batch.bytes.release();
  return Napi::Buffer<uint8_t>::New(env, bytes, batch.size, [](Napi::Env, uint8_t* owned) { delete[] owned; });
}

Napi::Number NumberOf(Napi::Env env, uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); }

}  // namespace

Napi::Object FlushObject(Napi::Env env, Flush& flush) {
  auto object = Napi::Object::New(env);
  object.Set("bytes", NumberOf(env, flush.Bytes()));
  auto batches = Napi::Array::New(env, flush.batches.size());
  for (uint32_t i = 0; i < flush.batches.size(); ++i) {
    FlushedBatch& batch = flush.batches[i];
    auto item = Napi::Object::New(env);
    item.Set("slot", NumberOf(env, batch.slot));
    item.Set("schema", NumberOf(env, batch.schema));
    item.Set("rows", NumberOf(env, batch.rows));
    item.Set("bytes", BufferOf(env, batch.encoded));
    batches.Set(i, item);
  }
  object.Set("batches", batches);
  auto counts = Napi::Array::New(env, flush.counts.size());
  for (uint32_t i = 0; i < flush.counts.size(); ++i) {
    const FlushedCounts& count = flush.counts[i];
    auto item = Napi::Object::New(env);
    item.Set("slot", NumberOf(env, count.slot));
    item.Set("schema", NumberOf(env, count.schema));
    item.Set("rows", NumberOf(env, count.rows));
    item.Set("filtered", NumberOf(env, count.filtered));
    item.Set("malformed", NumberOf(env, count.malformed));
    item.Set("backlog", NumberOf(env, count.backlog));
    item.Set("unknown", NumberOf(env, count.unknown));
    item.Set("unattributed", NumberOf(env, count.unattributed));
    counts.Set(i, item);
  }
  object.Set("counts", counts);
  auto unknown = Napi::Array::New(env, flush.unknown_cgroups.size());
  for (uint32_t i = 0; i < flush.unknown_cgroups.size(); ++i) {
    unknown.Set(i, Napi::BigInt::New(env, flush.unknown_cgroups[i]));
  }
  object.Set("unknownCgroups", unknown);
  return object;
}

}  // namespace traceprobe
