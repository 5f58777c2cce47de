#pragma once

#include <napi.h>

#include <string>

namespace traceprobe {

/** What the kernel tells of a program, as src/bpf/programInfo.ts has it. Throws a BpfError of `attempted`. */
Napi::Object ReadProgramInfo(Napi::Env env, int fd, const std::string& attempted);

}  // namespace traceprobe
