// What the kernel says of a map.
#pragma once

#include <linux/bpf.h>
#include <napi.h>

#include <string>

namespace traceprobe {

/**
 * Throws a BpfError when the descriptor is closed or not a map's. (The kernel would describe a program or link as
 * well, in a structure that then means something else.)
 */
bpf_map_info ReadMapInfo(Napi::Env env, int fd, const std::string& attempted);

}  // namespace traceprobe
