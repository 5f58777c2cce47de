// Many elements a system call (kernel 5.6; per-CPU arrays 5.13). Keys and values lie packed one after another.
#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>

#include "bpf/arguments.h"
#include "bpf/map.h"

namespace traceprobe {

// (cursor: bytes | undefined, count, remove) → { keys, values, count, cursor: Buffer | undefined }
Napi::Value Map::LookupBatch(const Napi::CallbackInfo& info) {
  auto [cursor, count, remove] = Take<arg::Optional<arg::Bytes>, arg::Uint32, arg::Boolean>(
      info, "BpfMap.lookupBatch", {"cursor", "count", "remove"});
  const Napi::Env env = info.Env();
  const std::string attempted = "look up a batch of " + std::to_string(count) + " elements of " + Title();
  const int fd = OpenFd(env, attempted);
  const auto shape = ShapeOf(env);
  if (count == 0) throw ArgumentFailure(env, "BpfMap.lookupBatch: count must be positive, not 0");
  // The kernel's cursor is opaque: a bucket number for hashes (4 bytes), an index or a key for the others.
  const size_t cursor_bytes = std::max<size_t>(shape.key_size, sizeof(uint32_t));
  if (cursor && cursor->size() != cursor_bytes) {
    throw ArgumentFailure(env, "BpfMap.lookupBatch: cursor must be one that lookupBatch returned, not " +
                                   Describe(info[0]));
  }
  LIBBPF_OPTS(bpf_map_batch_opts, options);
  auto next = Napi::Buffer<char>::New(env, cursor_bytes);
  // ENOSPC: a bucket of the hash holds more elements than were asked for, so a batch of that size gets nowhere.
  for (uint32_t room = count;; room *= 2) {
    auto keys = Napi::Buffer<char>::New(env, static_cast<size_t>(room) * shape.key_size);
    auto values = Napi::Buffer<char>::New(env, static_cast<size_t>(room) * shape.ValueBytes());
    __u32 found = room;
    void* from = cursor ? cursor->data() : nullptr;
    const int error =
        remove ? bpf_map_lookup_and_delete_batch(fd, from, next.Data(), keys.Data(), values.Data(), &found, &options)
               : bpf_map_lookup_batch(fd, from, next.Data(), keys.Data(), values.Data(), &found, &options);
    if (error == -ENOSPC && room < shape.max_entries) continue;
    if (error != 0 && error != -ENOENT) throw BpfFailure(env, attempted, error);
    auto result = Napi::Object::New(env);
    result.Set("count", found);
    result.Set("keys", keys);
    result.Set("values", values);
    if (error == 0) result.Set("cursor", next);  // ENOENT: that was the last of them
    return result;
  }
}

Napi::Value Map::UpdateBatch(const Napi::CallbackInfo& info) {
  auto [keys, values, count, flags] =
      Take<arg::Bytes, arg::Bytes, arg::Uint32, arg::Default<arg::Uint64, uint64_t{0}>>(
          info, "BpfMap.updateBatch", {"keys", "values", "count", "flags"});
  const Napi::Env env = info.Env();
  const std::string attempted = "update a batch of " + std::to_string(count) + " elements of " + Title();
  const int fd = OpenFd(env, attempted);
  const auto shape = ShapeOf(env);
  const auto check = [&](const char* name, size_t bytes, size_t each) {
    if (bytes == each * count) return;
    throw ArgumentFailure(env, std::string("BpfMap.updateBatch: ") + name + " must be " + std::to_string(count) +
                                   " × " + std::to_string(each) + " bytes (" + Title() + "), not " +
                                   std::to_string(bytes));
  };
  check("keys", keys.size(), shape.key_size);
  check("values", values.size(), shape.ValueBytes());
  if (count == 0) return env.Undefined();
  LIBBPF_OPTS(bpf_map_batch_opts, options);
  options.elem_flags = flags;
  __u32 done = count;
  if (const int error = bpf_map_update_batch(fd, keys.data(), values.data(), &done, &options); error != 0) {
    throw BpfFailure(env, attempted + " (" + std::to_string(done) + " were updated)", error);
  }
  return env.Undefined();
}

// Returns how many were there to be deleted.
Napi::Value Map::DeleteBatch(const Napi::CallbackInfo& info) {
  auto [keys] = Take<arg::Bytes>(info, "BpfMap.deleteBatch", {"keys"});
  const Napi::Env env = info.Env();
  const auto shape = ShapeOf(env);
  if (shape.key_size == 0 || keys.size() % shape.key_size != 0) {
    throw ArgumentFailure(env, "BpfMap.deleteBatch: keys must be a multiple of " + std::to_string(shape.key_size) +
                                   " bytes (" + Title() + "), not " + std::to_string(keys.size()));
  }
  const auto count = static_cast<__u32>(keys.size() / shape.key_size);
  const std::string attempted = "delete a batch of " + std::to_string(count) + " elements of " + Title();
  const int fd = OpenFd(env, attempted);
  LIBBPF_OPTS(bpf_map_batch_opts, options);
  // The kernel stops at a key that is not there: go on behind it.
  __u32 deleted = 0;
  for (__u32 at = 0; at < count;) {
    __u32 done = count - at;
    const int error =
        bpf_map_delete_batch(fd, keys.data() + static_cast<size_t>(at) * shape.key_size, &done, &options);
    if (error != 0 && error != -ENOENT) throw BpfFailure(env, attempted, error);
    deleted += done;
    at += done + (error == 0 ? 0 : 1);
  }
  return Napi::Number::New(env, deleted);
}

}  // namespace traceprobe
