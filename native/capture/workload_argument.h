// Workloads as JavaScript says them (src/capture/capture.ts).
#pragma once

#include <napi.h>

#include "capture/workloads.h"

namespace traceprobe {

/** (set: { cgroup, namespace, pod, podUid, container, gates }[], removed: cgroup[]) */
WorkloadChange TakeWorkloads(const Napi::CallbackInfo& info, const char* method);

}  // namespace traceprobe
