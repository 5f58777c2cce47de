// The part of the addon `bpf` that turns rings into batches: the classes Capture and RecordFeeder.
#pragma once

#include <napi.h>

namespace traceprobe {

/** Adds the classes to the addon's exports. */
void InitCapture(Napi::Env env, Napi::Object exports);

}  // namespace traceprobe
