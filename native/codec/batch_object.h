// Decoded batches as JavaScript objects (src/codec/decodeBatch.ts).
#pragma once

#include <napi.h>

namespace traceprobe {

/** Adds decodeHead(bytes) and decode(bytes, columnTypes) to the exports. */
void InitBatchCodec(Napi::Env env, Napi::Object exports);

}  // namespace traceprobe
