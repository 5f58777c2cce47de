// A program in the kernel by a descriptor of its own: it needs no object any more.
#pragma once

#include <napi.h>

#include <string>

#include "common/file_descriptor.h"

namespace traceprobe {

/** JavaScript face: src/bpf/kernelProgram.ts. */
class KernelProgram : public Napi::ObjectWrap<KernelProgram> {
 public:
  static Napi::Value Make(Napi::Env env, FileDescriptor fd, const std::string& name);

  static Napi::Function Define(Napi::Env env);
  explicit KernelProgram(const Napi::CallbackInfo& info);

 private:
  Napi::Value Name(const Napi::CallbackInfo& info);
  Napi::Value Fd(const Napi::CallbackInfo& info);
  Napi::Value Info(const Napi::CallbackInfo& info);
  Napi::Value Run(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  /** Throws when closed. */
  int OpenFd(Napi::Env env) const;

  FileDescriptor fd_;
  std::string name_;
};

}  // namespace traceprobe
