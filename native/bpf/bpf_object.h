// A BPF object file: opened, specialised, loaded.
#pragma once

#include <napi.h>

#include <memory>

#include "bpf/object_handle.h"

namespace traceprobe {

/** JavaScript face: src/bpf/bpfObject.ts. */
class BpfObject : public Napi::ObjectWrap<BpfObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit BpfObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value Name(const Napi::CallbackInfo& info);
  Napi::Value Programs(const Napi::CallbackInfo& info);
  Napi::Value Maps(const Napi::CallbackInfo& info);
  Napi::Value FindMap(const Napi::CallbackInfo& info);
  Napi::Value Load(const Napi::CallbackInfo& info);
  Napi::Value IsLoaded(const Napi::CallbackInfo& info);
  Napi::Value LoadLog(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  bpf_object* Get(Napi::Env env) const;

  std::shared_ptr<ObjectHandle> handle_;
  std::string load_log_;
};

}  // namespace traceprobe
