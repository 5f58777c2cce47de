#include "bpf/bpf_object.h"

#include <cerrno>
#include <cstring>

#include "bpf/addon_data.h"
#include "bpf/arguments.h"
#include "bpf/map.h"
#include "bpf/program.h"

namespace traceprobe {
namespace {

constexpr const char kBegin[] = "-- BEGIN PROG LOAD LOG --\n";
constexpr const char kEnd[] = "-- END PROG LOAD LOG --";

/** The name in libbpf's "prog 'NAME': …", or nothing. */
std::string ProgramOf(const std::string& message) {
  constexpr const char kPrefix[] = "prog '";
  if (!message.starts_with(kPrefix)) return "";
  const auto end = message.find('\'', sizeof(kPrefix) - 1);
  return end == std::string::npos ? "" : message.substr(sizeof(kPrefix) - 1, end - sizeof(kPrefix) + 1);
}

/** The program that libbpf says was refused. */
std::string RefusedProgram(const std::vector<LogMessage>& messages) {
  for (const auto& message : messages) {
    if (message.text.find("BPF program load failed") != std::string::npos) return ProgramOf(message.text);
  }
  return "";
}

}  // namespace

Napi::Function BpfObject::Define(Napi::Env env) {
  return DefineClass(env, "NativeBpfObject",
                     {
                         InstanceMethod<&BpfObject::Name>("name"),
                         InstanceMethod<&BpfObject::Programs>("programs"),
                         InstanceMethod<&BpfObject::Maps>("maps"),
                         InstanceMethod<&BpfObject::FindMap>("findMap"),
                         InstanceMethod<&BpfObject::Load>("load"),
                         InstanceMethod<&BpfObject::IsLoaded>("isLoaded"),
                         InstanceMethod<&BpfObject::LoadLog>("loadLog"),
                         InstanceMethod<&BpfObject::Close>("close"),
                     });
}

BpfObject::BpfObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<BpfObject>(info) {
  auto [path, bytes, name, level, pin_root, kernel_btf, on_message] =
      Take<arg::Optional<arg::String>, arg::Optional<arg::Bytes>, arg::Optional<arg::String>,
           arg::Default<arg::Uint32, 0u>, arg::Optional<arg::String>, arg::Optional<arg::String>,
           arg::Optional<arg::Function>>(info, "BpfObject.open",
                                         {"path", "bytes", "options.name", "options.kernelLogLevel",
                                          "options.pinRoot", "options.kernelBtf", "options.onMessage"});
  if (path.has_value() == bytes.has_value()) {
    throw ArgumentFailure(info.Env(), "BpfObject.open: source must be a path or the bytes of an object file");
  }
  LIBBPF_OPTS(bpf_object_open_opts, options);
  // Without a name libbpf calls an object from memory after its address.
  if (!name && bytes) name = "memory";
  options.object_name = name ? name->c_str() : nullptr;
  options.kernel_log_level = level;
  options.pin_root_path = pin_root ? pin_root->c_str() : nullptr;
  options.btf_custom_path = kernel_btf ? kernel_btf->c_str() : nullptr;

  LogCapture capture;
  errno = 0;
  bpf_object* object = path ? bpf_object__open_file(path->c_str(), &options)
                            : bpf_object__open_mem(bytes->data(), bytes->size(), &options);
  const int error = errno;
  if (object == nullptr) {
    throw BpfFailure(info.Env(),
                     path ? "open BPF object " + *path
                          : "open BPF object '" + *name + "' (" + std::to_string(bytes->size()) + " bytes)",
                     error, capture.Messages());
  }
  handle_ = std::make_shared<ObjectHandle>(object, level > 0);
  if (on_message) handle_->on_message = Napi::Persistent(*on_message);
  handle_->Deliver(capture.Messages());
}

bpf_object* BpfObject::Get(Napi::Env env) const {
  return handle_->Get(env, "BpfObject '" + handle_->Name() + "'");
}

Napi::Value BpfObject::Name(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), handle_->Name());
}

Napi::Value BpfObject::Programs(const Napi::CallbackInfo& info) {
  bpf_object* object = Get(info.Env());
  auto list = Napi::Array::New(info.Env());
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    list.Set(list.Length(), Program::Make(info.Env(), handle_, program));
  }
  return list;
}

Napi::Value BpfObject::Maps(const Napi::CallbackInfo& info) {
  bpf_object* object = Get(info.Env());
  auto list = Napi::Array::New(info.Env());
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) { list.Set(list.Length(), Map::Make(info.Env(), handle_, map)); }
  return list;
}

Napi::Value BpfObject::FindMap(const Napi::CallbackInfo& info) {
  auto [name] = Take<arg::String>(info, "BpfObject.map", {"name"});
  bpf_map* map = bpf_object__find_map_by_name(Get(info.Env()), name.c_str());
  return map == nullptr ? info.Env().Undefined() : Map::Make(info.Env(), handle_, map);
}

Napi::Value BpfObject::Load(const Napi::CallbackInfo& info) {
  bpf_object* object = Get(info.Env());
  const std::string attempted = "load BPF object '" + handle_->Name() + "'";
  LogCapture capture(handle_->IsDebug());
  handle_->SetLoadTried();
  const int error = bpf_object__load(object);

  for (const auto& message : capture.Messages()) {
    if (!handle_->IsDebug() && message.level == LIBBPF_DEBUG) continue;
    load_log_ += message.text;
    load_log_ += '\n';
    const auto begin = message.text.find(kBegin);
    if (begin == std::string::npos) continue;
    const auto from = begin + sizeof(kBegin) - 1;
    const auto end = message.text.rfind(kEnd);
    handle_->logs[ProgramOf(message.text)] = message.text.substr(from, end == std::string::npos ? end : end - from);
  }
  if (error == 0) {
    handle_->SetLoaded();
    handle_->Deliver(capture.Messages());
    return info.Env().Undefined();
  }
  // A program with a buffer of its own has its log there, and libbpf prints none.
  const std::string refused = RefusedProgram(capture.Messages());
  const auto buffer = handle_->log_buffers.find(refused);
  const auto failure =
      buffer != handle_->log_buffers.end() && buffer->second[0] != '\0'
          ? VerifierFailure(info.Env(), attempted, error, refused, std::string(buffer->second.data()))
          : BpfFailure(info.Env(), attempted, error, capture.Messages());
  handle_->Deliver(capture.Messages());
  throw failure;
}

Napi::Value BpfObject::IsLoaded(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), handle_->IsLoaded());
}

Napi::Value BpfObject::LoadLog(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), load_log_); }

Napi::Value BpfObject::Close(const Napi::CallbackInfo& info) {
  handle_->Close();
  return info.Env().Undefined();
}

}  // namespace traceprobe
