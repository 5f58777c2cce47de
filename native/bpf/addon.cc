// The addon `bpf`: one instance an environment, nothing global.
#include <napi.h>

#include "bpf/addon_data.h"
#include "bpf/arguments.h"
#include "bpf/bpf_object.h"
#include "bpf/btf_reader.h"
#include "bpf/elf_symbols.h"
#include "bpf/feature_prober.h"
#include "bpf/kernel_program.h"
#include "bpf/link.h"
#include "bpf/log_capture.h"
#include "bpf/map.h"
#include "bpf/program.h"
#include "bpf/ring_consumer.h"
#include "bpf/run_statistics.h"
#include "bpf/synchronize.h"
#include "capture/capture.h"

namespace traceprobe {
namespace {

/** configure(createError): called once by src/bpf/addon.ts, which knows the error classes. */
Napi::Value Configure(const Napi::CallbackInfo& info) {
  auto [create_error] = Take<arg::Function>(info, "configure", {"createError"});
  AddonData::Of(info.Env()).create_error = Napi::Persistent(create_error);
  return info.Env().Undefined();
}

/** elfFunctions(path) → the names of the functions in its symbol tables. */
Napi::Value ElfFunctions(const Napi::CallbackInfo& info) {
  auto [path] = Take<arg::String>(info, "elfFunctions", {"path"});
  const auto symbols = ReadElfSymbols(path);
  if (symbols.errno_value != 0) {
    std::vector<LogMessage> messages;
    if (!symbols.error.empty()) messages.push_back({LIBBPF_WARN, symbols.error});
    throw BpfFailure(info.Env(), "read the symbols of " + path, symbols.errno_value, messages);
  }
  auto names = Napi::Array::New(info.Env(), symbols.functions.size());
  for (uint32_t i = 0; i < symbols.functions.size(); i++) names.Set(i, symbols.functions[i].name);
  return names;
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
  Export(exports, "KernelProgram", data->kernel_program, KernelProgram::Define(env));
  Export(exports, "Map", data->map, Map::Define(env));
  Export(exports, "Link", data->link, Link::Define(env));
  Export(exports, "Btf", data->btf, BtfReader::Define(env));
  exports.Set("RingConsumer", RingConsumer::Define(env));
  exports.Set("FeatureProber", FeatureProber::Define(env));
  exports.Set("RunStatistics", RunStatistics::Define(env));
  exports.Set("synchronize", Napi::Function::New(env, Synchronize, "synchronize"));
  exports.Set("elfFunctions", Napi::Function::New(env, ElfFunctions, "elfFunctions"));
  InitCapture(env, exports);
  return exports;
}

}  // namespace
}  // namespace traceprobe

static Napi::Object InitAddon(Napi::Env env, Napi::Object exports) { return traceprobe::Init(env, exports); }

NODE_API_MODULE(bpf, InitAddon)
