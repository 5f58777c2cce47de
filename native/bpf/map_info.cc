#include "bpf/map_info.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "bpf/errors.h"

namespace traceprobe {

bpf_map_info ReadMapInfo(Napi::Env env, int fd, const std::string& attempted) {
  char target[64];
  const auto length = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target, sizeof(target));
  if (length < 0) throw BpfFailure(env, attempted, errno == ENOENT ? EBADF : errno);
  if (const std::string_view kind(target, static_cast<size_t>(length)); kind != "anon_inode:bpf-map") {
    throw BpfFailure(env, attempted, EINVAL, {{LIBBPF_WARN, "that is no map but " + std::string(kind)}});
  }
  bpf_map_info info;
  memset(&info, 0, sizeof(info));
  __u32 size = sizeof(info);
  if (const int error = bpf_obj_get_info_by_fd(fd, &info, &size); error != 0) throw BpfFailure(env, attempted, error);
  return info;
}

}  // namespace traceprobe
