// Waiting until every program that was running has ended.
#pragma once

#include <napi.h>

namespace traceprobe {

/** synchronize() → Promise: a grace period of RCU, waited for on a worker thread of libuv. */
Napi::Value Synchronize(const Napi::CallbackInfo& info);

}  // namespace traceprobe
