// One element a system call.
#include <bpf/bpf.h>

#include <cerrno>
#include <string_view>
#include <unordered_set>

#include "bpf/arguments.h"
#include "bpf/map.h"

namespace traceprobe {

const void* Map::KeyOf(Napi::Env env, const char* method, std::span<const uint8_t> key) const {
  const uint32_t size = ShapeOf(env).key_size;
  if (key.size() != size) {
    throw ArgumentFailure(env, std::string(method) + ": key must be " + std::to_string(size) + " bytes (" + Title() +
                                   "), not " + std::to_string(key.size()));
  }
  return size == 0 ? nullptr : key.data();  // queues and stacks have no key
}

Napi::Value Map::Lookup(const Napi::CallbackInfo& info) {
  auto [key] = Take<arg::Bytes>(info, "BpfMap.lookup", {"key"});
  const Napi::Env env = info.Env();
  const std::string attempted = "look up an element of " + Title();
  const int fd = OpenFd(env, attempted);
  const void* at = KeyOf(env, "BpfMap.lookup", key);
  auto value = Napi::Buffer<char>::New(env, ShapeOf(env).ValueBytes());
  const int error = bpf_map_lookup_elem(fd, at, value.Data());
  if (error == -ENOENT) return env.Undefined();
  if (error != 0) throw BpfFailure(env, attempted, error);
  return value;
}

Napi::Value Map::LookupAndDelete(const Napi::CallbackInfo& info) {
  auto [key] = Take<arg::Bytes>(info, "BpfMap.lookupAndDelete", {"key"});
  const Napi::Env env = info.Env();
  const std::string attempted = "look up and delete an element of " + Title();
  const int fd = OpenFd(env, attempted);
  const void* at = KeyOf(env, "BpfMap.lookupAndDelete", key);
  auto value = Napi::Buffer<char>::New(env, ShapeOf(env).ValueBytes());
  const int error = bpf_map_lookup_and_delete_elem(fd, at, value.Data());
  if (error == -ENOENT) return env.Undefined();
  if (error != 0) throw BpfFailure(env, attempted, error);
  return value;
}

Napi::Value Map::Update(const Napi::CallbackInfo& info) {
  auto [key, value, flags] = Take<arg::Bytes, arg::Bytes, arg::Default<arg::Uint64, uint64_t{0}>>(
      info, "BpfMap.update", {"key", "value", "flags"});
  const Napi::Env env = info.Env();
  const std::string attempted = "update an element of " + Title();
  const int fd = OpenFd(env, attempted);
  const void* at = KeyOf(env, "BpfMap.update", key);
  const size_t bytes = ShapeOf(env).ValueBytes();
  if (value.size() != bytes) {
    throw ArgumentFailure(env, "BpfMap.update: value must be " + std::to_string(bytes) + " bytes (" + Title() +
                                   "), not " + std::to_string(value.size()));
  }
  if (const int error = bpf_map_update_elem(fd, at, value.data(), flags); error != 0) {
    throw BpfFailure(env, attempted, error);
  }
  return env.Undefined();
}

Napi::Value Map::Delete(const Napi::CallbackInfo& info) {
  auto [key] = Take<arg::Bytes>(info, "BpfMap.delete", {"key"});
  const Napi::Env env = info.Env();
  const std::string attempted = "delete an element of " + Title();
  const int fd = OpenFd(env, attempted);
  const int error = bpf_map_delete_elem(fd, KeyOf(env, "BpfMap.delete", key));
  if (error != 0 && error != -ENOENT) throw BpfFailure(env, attempted, error);
  return Napi::Boolean::New(env, error == 0);
}

Napi::Value Map::Keys(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string attempted = "list the keys of " + Title();
  const int fd = OpenFd(env, attempted);
  const auto shape = ShapeOf(env);
  // When the key that the walk stands on is deleted meanwhile, the kernel begins again at the first one: so every key
  // once, and a bound on the steps for a map that changes faster than it is walked.
  std::unordered_set<std::string> seen;
  auto keys = Napi::Array::New(env);
  std::string key(shape.key_size, '\0');
  std::string next(shape.key_size, '\0');
  const size_t most_steps = 4 * static_cast<size_t>(shape.max_entries) + 4;
  for (size_t step = 0; step < most_steps; step++) {
    const int error = bpf_map_get_next_key(fd, step == 0 ? nullptr : key.data(), next.data());
    if (error == -ENOENT) return keys;
    if (error != 0) throw BpfFailure(env, attempted, error);
    key = next;
    if (seen.insert(key).second) {
      keys.Set(keys.Length(), Napi::Buffer<char>::Copy(env, key.data(), key.size()));
    }
  }
  return keys;
}

}  // namespace traceprobe
