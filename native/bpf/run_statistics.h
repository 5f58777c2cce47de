// Run time statistics of all programs of the kernel, on while this is open.
#pragma once

#include <napi.h>

#include "common/file_descriptor.h"

namespace traceprobe {

/** JavaScript face: src/bpf/enableStats.ts. */
class RunStatistics : public Napi::ObjectWrap<RunStatistics> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit RunStatistics(const Napi::CallbackInfo& info);

 private:
  Napi::Value Close(const Napi::CallbackInfo& info);

  FileDescriptor fd_;
};

}  // namespace traceprobe
