// BTF as plain JavaScript values. (Not called btf.h: this folder would then shadow libbpf's <bpf/btf.h>.)
#pragma once

#include <bpf/btf.h>
#include <napi.h>

#include <memory>
#include <string>

namespace traceprobe {

/** JavaScript face: src/bpf/btf.ts. */
class BtfReader : public Napi::ObjectWrap<BtfReader> {
 public:
  /** `base` is kept for the split BTF of a module. Takes ownership of `types`. */
  static Napi::Value Make(Napi::Env env, btf* types, const std::string& name, std::shared_ptr<btf> base = nullptr);

  static Napi::Function Define(Napi::Env env);
  explicit BtfReader(const Napi::CallbackInfo& info);
  ~BtfReader() override;

 private:
  static Napi::Value Vmlinux(const Napi::CallbackInfo& info);
  static Napi::Value File(const Napi::CallbackInfo& info);
  Napi::Value Module(const Napi::CallbackInfo& info);
  Napi::Value Name(const Napi::CallbackInfo& info);
  Napi::Value FirstId(const Napi::CallbackInfo& info);
  Napi::Value TypeCount(const Napi::CallbackInfo& info);
  Napi::Value Type(const Napi::CallbackInfo& info);
  Napi::Value Find(const Napi::CallbackInfo& info);
  Napi::Value Resolve(const Napi::CallbackInfo& info);
  Napi::Value SizeOf(const Napi::CallbackInfo& info);
  Napi::Value Names(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  void Free(Napi::Env env);
  const btf* Get(Napi::Env env) const;
  /** The type, or a TypeError that says how many there are. */
  const btf_type* TypeOf(Napi::Env env, const char* method, uint32_t id) const;

  std::shared_ptr<btf> btf_;  // null when closed
  std::shared_ptr<btf> base_;
  std::string name_;
  int64_t held_ = 0;  // bytes, as told to the garbage collector
};

}  // namespace traceprobe
