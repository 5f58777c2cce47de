#include "bpf/run_statistics.h"

#include <bpf/bpf.h>

#include <cerrno>

#include "bpf/errors.h"

namespace traceprobe {

Napi::Function RunStatistics::Define(Napi::Env env) {
  return DefineClass(env, "NativeRunStatistics", {InstanceMethod<&RunStatistics::Close>("close")});
}

RunStatistics::RunStatistics(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<RunStatistics>(info), fd_(bpf_enable_stats(BPF_STATS_RUN_TIME)) {
  if (!fd_) throw BpfFailure(info.Env(), "switch the run time statistics of BPF programs on", errno);
}

Napi::Value RunStatistics::Close(const Napi::CallbackInfo& info) {
  fd_.Close();
  return info.Env().Undefined();
}

}  // namespace traceprobe
