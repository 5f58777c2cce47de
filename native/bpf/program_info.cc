#include "bpf/program_info.h"

#include <bpf/bpf.h>

#include <cstdio>
#include <cstring>

#include "bpf/errors.h"

namespace traceprobe {
namespace {

Napi::Value Count(Napi::Env env, __u64 count) { return Napi::Number::New(env, static_cast<double>(count)); }

}  // namespace

Napi::Object ReadProgramInfo(Napi::Env env, int fd, const std::string& attempted) {
  bpf_prog_info facts;
  memset(&facts, 0, sizeof(facts));
  __u32 length = sizeof(facts);
  if (const int error = bpf_obj_get_info_by_fd(fd, &facts, &length); error != 0) {
    throw BpfFailure(env, attempted, error);
  }
  std::string tag;
  for (const auto byte : facts.tag) {
    char hex[3];
    snprintf(hex, sizeof(hex), "%02x", byte);
    tag += hex;
  }
  auto result = Napi::Object::New(env);
  result.Set("id", Count(env, facts.id));
  result.Set("tag", tag);
  result.Set("xlatedBytes", Count(env, facts.xlated_prog_len));
  result.Set("jitedBytes", Count(env, facts.jited_prog_len));
  result.Set("verifiedInstructions", Count(env, facts.verified_insns));
  result.Set("runTimeNs", Count(env, facts.run_time_ns));
  result.Set("runCount", Count(env, facts.run_cnt));
  result.Set("recursionMisses", Count(env, facts.recursion_misses));
  return result;
}

}  // namespace traceprobe
