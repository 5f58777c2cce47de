// A program attached to a hook.
#pragma once

#include <bpf/libbpf.h>
#include <napi.h>

#include <string>
#include <utility>

namespace traceprobe {

/** Owns a bpf_link. It does not need the object that its program came from: the kernel holds the program. */
class Link : public Napi::ObjectWrap<Link> {
 public:
  /** `name` says in errors what is attached where. Takes ownership of `link`. */
  static Napi::Value Make(Napi::Env env, bpf_link* link, const std::string& name);

  static Napi::Function Define(Napi::Env env);
  explicit Link(const Napi::CallbackInfo& info);
  ~Link() override;

 private:
  static Napi::Value OpenPinned(const Napi::CallbackInfo& info);
  Napi::Value Name(const Napi::CallbackInfo& info);
  Napi::Value Fd(const Napi::CallbackInfo& info);
  Napi::Value Info(const Napi::CallbackInfo& info);
  Napi::Value Pin(const Napi::CallbackInfo& info);
  Napi::Value Unpin(const Napi::CallbackInfo& info);
  Napi::Value Detach(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  bpf_link* Get(Napi::Env env) const;

  void Destroy() { bpf_link__destroy(std::exchange(link_, nullptr)); }

  bpf_link* link_ = nullptr;
  std::string name_;
};

}  // namespace traceprobe
