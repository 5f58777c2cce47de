// What can be set on a map of an object until it is loaded.
#include <bpf/bpf.h>

#include <cerrno>

#include "bpf/arguments.h"
#include "bpf/map.h"
#include "bpf/map_info.h"

namespace traceprobe {

bpf_map* Map::Unloaded(Napi::Env env, const std::string& attempted) const {
  Check(env);
  if (map_ == nullptr) {
    throw BpfFailure(env, attempted, EBUSY, {{LIBBPF_WARN, "the map exists already; only a map of an object that is "
                                                           "not loaded yet can be changed"}});
  }
  if (object_->IsLoaded()) {
    throw BpfFailure(env, attempted, EBUSY, {{LIBBPF_WARN, "BpfObject '" + object_->Name() + "' is loaded already"}});
  }
  return map_;
}

Napi::Value Map::SetMaxEntries(const Napi::CallbackInfo& info) {
  auto [entries] = Take<arg::Uint32>(info, "BpfMap.setMaxEntries", {"maxEntries"});
  const std::string attempted = "set the size of " + Title() + " to " + std::to_string(entries) + " entries";
  const int error = bpf_map__set_max_entries(Unloaded(info.Env(), attempted), entries);
  if (error != 0) throw BpfFailure(info.Env(), attempted, error);
  return info.Env().Undefined();
}

Napi::Value Map::SetValueSize(const Napi::CallbackInfo& info) {
  auto [bytes] = Take<arg::Uint32>(info, "BpfMap.setValueSize", {"valueSize"});
  const std::string attempted = "set the value size of " + Title() + " to " + std::to_string(bytes) + " bytes";
  const int error = bpf_map__set_value_size(Unloaded(info.Env(), attempted), bytes);
  if (error != 0) throw BpfFailure(info.Env(), attempted, error);
  return info.Env().Undefined();
}

Napi::Value Map::SetAutocreate(const Napi::CallbackInfo& info) {
  auto [autocreate] = Take<arg::Boolean>(info, "BpfMap.setAutocreate", {"autocreate"});
  const std::string attempted = "set autocreate of " + Title();
  const int error = bpf_map__set_autocreate(Unloaded(info.Env(), attempted), autocreate);
  if (error != 0) throw BpfFailure(info.Env(), attempted, error);
  return info.Env().Undefined();
}

Napi::Value Map::SetPinPath(const Napi::CallbackInfo& info) {
  auto [path] = Take<arg::String>(info, "BpfMap.setPinPath", {"path"});
  const std::string attempted = "set the pin path of " + Title() + " to " + path;
  const int error = bpf_map__set_pin_path(Unloaded(info.Env(), attempted), path.c_str());
  if (error != 0) throw BpfFailure(info.Env(), attempted, error);
  return info.Env().Undefined();
}

Napi::Value Map::SetInitialValue(const Napi::CallbackInfo& info) {
  auto [bytes] = Take<arg::Bytes>(info, "BpfMap.setInitialValue", {"bytes"});
  const std::string attempted = "set the initial value of " + Title();
  bpf_map* map = Unloaded(info.Env(), attempted);
  size_t size = 0;
  if (bpf_map__initial_value(map, &size) == nullptr) {
    throw BpfFailure(info.Env(), attempted, EINVAL,
                     {{LIBBPF_WARN, "only .data, .rodata, .bss and their like have an initial value"}});
  }
  if (bytes.size() != size) {
    throw ArgumentFailure(info.Env(), "BpfMap.setInitialValue: bytes must be " + std::to_string(size) + " bytes (" +
                                          Title() + "), not " + std::to_string(bytes.size()));
  }
  const int error = bpf_map__set_initial_value(map, bytes.data(), bytes.size());
  if (error != 0) throw BpfFailure(info.Env(), attempted, error);
  return info.Env().Undefined();
}

Napi::Value Map::InitialValue(const Napi::CallbackInfo& info) {
  Check(info.Env());
  // After load libbpf has the kernel's memory mapped there, so the initial value is gone.
  if (map_ == nullptr || object_->IsLoaded()) return info.Env().Undefined();
  size_t size = 0;
  const void* value = bpf_map__initial_value(map_, &size);
  if (value == nullptr) return info.Env().Undefined();
  return Napi::Buffer<char>::Copy(info.Env(), static_cast<const char*>(value), size);
}

Napi::Value Map::Reuse(const Napi::CallbackInfo& info) {
  auto [fd, path] =
      Take<arg::Optional<arg::Int32>, arg::Optional<arg::String>>(info, "BpfMap.reuse", {"fd", "path"});
  const Napi::Env env = info.Env();
  if (fd.has_value() == path.has_value()) {
    throw ArgumentFailure(env, "BpfMap.reuse: source must be a BpfMap, a file descriptor or the path of a pin");
  }
  const std::string attempted =
      "reuse " + (path ? "the map pinned at " + *path : "file descriptor " + std::to_string(*fd)) + " as " + Title();
  bpf_map* map = Unloaded(env, attempted);
  FileDescriptor pinned;
  if (path) {
    pinned = FileDescriptor(bpf_obj_get(path->c_str()));
    if (!pinned) throw BpfFailure(env, attempted, errno);
  }
  const int source = path ? pinned.Get() : *fd;

  // libbpf would take any map and leave it to the verifier, or to the program's reads, to find out.
  const auto facts = ReadMapInfo(env, source, attempted);
  const auto differs = [&](const char* what, uint32_t there, uint32_t here) {
    if (there == here) return;
    throw BpfFailure(env, attempted, EINVAL,
                     {{LIBBPF_WARN, std::string("its ") + what + " is " + std::to_string(there) + ", " + Title() +
                                        " is declared with " + std::to_string(here)}});
  };
  differs("type", facts.type, bpf_map__type(map));
  if (facts.type != BPF_MAP_TYPE_RINGBUF) {
    differs("key size", facts.key_size, bpf_map__key_size(map));
    differs("value size", facts.value_size, bpf_map__value_size(map));
  }
  LogCapture capture;
  const int error = bpf_map__reuse_fd(map, source);  // duplicates the descriptor
  if (error != 0) throw BpfFailure(env, attempted, error, capture.Messages());
  return env.Undefined();
}

}  // namespace traceprobe
