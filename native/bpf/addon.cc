// The addon `bpf`: one instance an environment, nothing global.
#include <napi.h>

#include "bpf/addon_data.h"
#include "bpf/arguments.h"
#include "bpf/bpf_object.h"
#include "bpf/link.h"
#include "bpf/log_capture.h"
#include "bpf/map.h"
#include "bpf/program.h"

#if __has_include("capture/capture.h")
#include "capture/capture.h"
#endif

namespace traceprobe {
namespace {

/** configure(createError): called once by src/bpf/addon.ts, which knows the error classes. */
Napi::Value Configure(const Napi::CallbackInfo& info) {
  auto [create_error] = Take<arg::Function>(info, "configure", {"createError"});
  AddonData::Of(info.Env()).create_error = Napi::Persistent(create_error);
  return info.Env().Undefined();
}

void Export(Napi::Object exports, const char* name, Napi::FunctionReference& reference, Napi::Function constructor) {
  reference = Napi::Persistent(constructor);
  exports.Set(name, constructor);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  auto* data = new AddonData();
  env.SetInstanceData(data);  // deleted with the environment
  LogCapture::Install();
  exports.Set("configure", Napi::Function::New(env, Configure, "configure"));
  Export(exports, "BpfObject", data->bpf_object, BpfObject::Define(env));
  Export(exports, "Program", data->program, Program::Define(env));
  Export(exports, "Map", data->map, Map::Define(env));
  Export(exports, "Link", data->link, Link::Define(env));
#if __has_include("capture/capture.h")
  InitCapture(env, exports);
#endif
  return exports;
}

}  // namespace
}  // namespace traceprobe

static Napi::Object InitAddon(Napi::Env env, Napi::Object exports) { return traceprobe::Init(env, exports); }

NODE_API_MODULE(bpf, InitAddon)
