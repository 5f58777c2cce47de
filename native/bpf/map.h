// A map: of an object, created, or opened from a pin.
#pragma once

#include <bpf/libbpf.h>
#include <napi.h>

#include <memory>
#include <span>
#include <string>

#include "bpf/map_shape.h"
#include "bpf/object_handle.h"
#include "common/file_descriptor.h"

namespace traceprobe {

/** JavaScript face: src/bpf/bpfMap.ts. */
class Map : public Napi::ObjectWrap<Map> {
 public:
  /** A map of an object: libbpf owns its descriptor, which exists from load on. */
  static Napi::Value Make(Napi::Env env, std::shared_ptr<ObjectHandle> object, bpf_map* map);

  static Napi::Function Define(Napi::Env env);
  explicit Map(const Napi::CallbackInfo& info);

 private:
  static Napi::Value Create(const Napi::CallbackInfo& info);
  static Napi::Value OpenPinned(const Napi::CallbackInfo& info);
  static Napi::Value MakeOwned(Napi::Env env, FileDescriptor fd, const std::string& attempted);

  Napi::Value Name(const Napi::CallbackInfo& info);
  Napi::Value Shape(const Napi::CallbackInfo& info);
  Napi::Value Fd(const Napi::CallbackInfo& info);
  Napi::Value Id(const Napi::CallbackInfo& info);
  Napi::Value Duplicate(const Napi::CallbackInfo& info);

  // Before load, of a map of an object (map_settings.cc).
  Napi::Value SetMaxEntries(const Napi::CallbackInfo& info);
  Napi::Value SetValueSize(const Napi::CallbackInfo& info);
  Napi::Value SetAutocreate(const Napi::CallbackInfo& info);
  Napi::Value SetPinPath(const Napi::CallbackInfo& info);
  Napi::Value SetInitialValue(const Napi::CallbackInfo& info);
  Napi::Value InitialValue(const Napi::CallbackInfo& info);
  Napi::Value Reuse(const Napi::CallbackInfo& info);

  // Elements (map_elements.cc).
  Napi::Value Lookup(const Napi::CallbackInfo& info);
  Napi::Value LookupAndDelete(const Napi::CallbackInfo& info);
  Napi::Value Update(const Napi::CallbackInfo& info);
  Napi::Value Delete(const Napi::CallbackInfo& info);
  Napi::Value Keys(const Napi::CallbackInfo& info);

  // Many elements a system call (map_batches.cc).
  Napi::Value LookupBatch(const Napi::CallbackInfo& info);
  Napi::Value UpdateBatch(const Napi::CallbackInfo& info);
  Napi::Value DeleteBatch(const Napi::CallbackInfo& info);

  Napi::Value Mmap(const Napi::CallbackInfo& info);
  Napi::Value Pin(const Napi::CallbackInfo& info);
  Napi::Value Unpin(const Napi::CallbackInfo& info);
  Napi::Value Freeze(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  /** "BpfMap 'counts'", for errors. */
  std::string Title() const { return "BpfMap '" + name_ + "'"; }
  /** Throws when closed, or when its object is. */
  void Check(Napi::Env env) const;
  /** The descriptor; before load there is none and that is an error. */
  int OpenFd(Napi::Env env, const std::string& attempted) const;
  /** The libbpf map, for settings that only a map of an object that is not loaded yet can take. */
  bpf_map* Unloaded(Napi::Env env, const std::string& attempted) const;
  MapShape ShapeOf(Napi::Env env) const;
  /** The key bytes, refused unless they are as long as the map's keys; null for maps without keys. */
  const void* KeyOf(Napi::Env env, const char* method, std::span<const uint8_t> key) const;

  std::shared_ptr<ObjectHandle> object_;  // null for a map that stands alone
  bpf_map* map_ = nullptr;
  FileDescriptor fd_;  // of a map that stands alone
  std::string name_;
  MapShape shape_;  // of a map that stands alone
  bool closed_ = false;
  Napi::Reference<Napi::ArrayBuffer> view_;  // weak: of mmap()
};

}  // namespace traceprobe
