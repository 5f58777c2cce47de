// What this kernel, its configuration and this process's capabilities allow, each found by trying.
#pragma once

#include <bpf/btf.h>
#include <napi.h>

#include <memory>
#include <string>

namespace traceprobe {

/** What became of a try: error 0 is success. */
struct Trial {
  int error = 0;
  std::string attempted;  // the step that failed
  std::string reason;     // in words, where the errno alone would mislead
  std::string log;        // the verifier's, when it refused
};

/** JavaScript face: src/bpf/kernelFeatures.ts. Keeps the kernel's BTF between tries, which is most of their cost. */
class FeatureProber : public Napi::ObjectWrap<FeatureProber> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit FeatureProber(const Napi::CallbackInfo& info);

 private:
  Napi::Value Probe(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  std::shared_ptr<btf> vmlinux_;
};

}  // namespace traceprobe
