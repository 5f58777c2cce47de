// A program of an opened object.
#pragma once

#include <bpf/libbpf.h>
#include <napi.h>

#include <memory>
#include <string>

#include "bpf/object_handle.h"
#include "bpf/perf_event.h"

namespace traceprobe {

/** JavaScript face: src/bpf/program.ts. */
class Program : public Napi::ObjectWrap<Program> {
 public:
  static Napi::Value Make(Napi::Env env, std::shared_ptr<ObjectHandle> object, bpf_program* program);

  static Napi::Function Define(Napi::Env env);
  explicit Program(const Napi::CallbackInfo& info);

 private:
  Napi::Value Name(const Napi::CallbackInfo& info);
  Napi::Value Section(const Napi::CallbackInfo& info);
  Napi::Value Type(const Napi::CallbackInfo& info);
  Napi::Value Fd(const Napi::CallbackInfo& info);
  Napi::Value Info(const Napi::CallbackInfo& info);
  Napi::Value Duplicate(const Napi::CallbackInfo& info);
  Napi::Value Log(const Napi::CallbackInfo& info);
  Napi::Value SetAutoload(const Napi::CallbackInfo& info);
  Napi::Value Autoload(const Napi::CallbackInfo& info);
  Napi::Value SetAttachTarget(const Napi::CallbackInfo& info);
  Napi::Value SetLogLevel(const Napi::CallbackInfo& info);
  Napi::Value Pin(const Napi::CallbackInfo& info);
  Napi::Value Unpin(const Napi::CallbackInfo& info);
  Napi::Value Attach(const Napi::CallbackInfo& info);
  Napi::Value AttachTracepoint(const Napi::CallbackInfo& info);
  Napi::Value AttachRawTracepoint(const Napi::CallbackInfo& info);
  Napi::Value AttachKprobe(const Napi::CallbackInfo& info);
  Napi::Value AttachKsyscall(const Napi::CallbackInfo& info);
  Napi::Value AttachTrace(const Napi::CallbackInfo& info);
  Napi::Value AttachLsm(const Napi::CallbackInfo& info);
  Napi::Value AttachUprobe(const Napi::CallbackInfo& info);

  bpf_program* Get(Napi::Env env) const;
  /** Where a trampoline is attached, for errors: "fentry/vfs_read". */
  std::string Target(Napi::Env env) const;
  /** The descriptor, or an error that says the object has to be loaded first. */
  int LoadedFd(Napi::Env env, const std::string& attempted) const;
  /** Runs a change that libbpf allows before load; a refusal becomes a BpfError. */
  template <typename Change>
  Napi::Value Configure(Napi::Env env, const std::string& attempted, Change change);
  /** Runs libbpf's attach function and wraps its link. `hook` is what it attaches to, as in "kprobe vfs_read". */
  template <typename AttachFunction>
  Napi::Value AttachBy(Napi::Env env, const std::string& hook, AttachFunction attach);

  /** The same for hooks that are perf events. */
  Napi::Value AttachToEvent(Napi::Env env, const std::string& hook, PerfEvent event, uint64_t cookie);

  std::shared_ptr<ObjectHandle> object_;
  bpf_program* program_ = nullptr;
  std::string name_;
  std::string target_;  // of setAttachTarget
};

}  // namespace traceprobe
