// evaluateFilter: the native evaluator for tests against its reference in src/probe/cel/evaluate.ts.
#pragma once

#include <napi.h>

namespace traceprobe {

void InitFilter(Napi::Env env, Napi::Object exports);

}  // namespace traceprobe
