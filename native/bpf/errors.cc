#include "bpf/errors.h"

#include <bpf/libbpf.h>
#include <string.h>

#include <array>
#include <cstdlib>

#include "bpf/addon_data.h"

namespace traceprobe {
namespace {

// The kernel's ENOTSUPP (include/linux/errno.h) reaches user space from bpf(2) although no libc knows it.
constexpr int kKernelNotSupported = 524;

constexpr std::array<const char*, 14> kLibbpfNames = {
    "LIBELF", "FORMAT", "KVERSION", "ENDIAN", "INTERNAL", "RELOC",  "LOAD",
    "VERIFY", "PROG2BIG", "KVER",   "PROGTYPE", "WRNGPID", "INVSEQ", "NLPARSE"};

std::string ErrnoText(int error) {
  if (error == kKernelNotSupported) return "Operation is not supported by the kernel";
  char text[256] = "";
  libbpf_strerror(error, text, sizeof(text));
  return text;
}

Napi::Error Make(Napi::Env env, const char* kind, Napi::Object fields) {
  auto& create = AddonData::Of(env).create_error;
  if (create.IsEmpty()) {
    // Reachable only before configure(), that is without the TypeScript face.
    return Napi::Error::New(env, fields.Get("message").IsString() ? fields.Get("message").ToString().Utf8Value()
                                                                   : fields.Get("attempted").ToString().Utf8Value());
  }
  return Napi::Error(env, create.Call({Napi::String::New(env, kind), fields}));
}

struct VerifierLog {
  std::string program;
  std::string text;
};

/** libbpf prints "prog 'NAME': -- BEGIN PROG LOAD LOG --", the log, "-- END PROG LOAD LOG --" in one message. */
bool FindVerifierLog(const std::vector<LogMessage>& messages, VerifierLog& out) {
  constexpr const char* kBegin = "-- BEGIN PROG LOAD LOG --\n";
  constexpr const char* kEnd = "-- END PROG LOAD LOG --";
  bool found = false;
  for (const auto& message : messages) {
    if (message.level != LIBBPF_WARN) continue;  // at debug level it is the log of a program that loaded
    const auto begin = message.text.find(kBegin);
    if (begin == std::string::npos) continue;
    const auto from = begin + strlen(kBegin);
    const auto end = message.text.rfind(kEnd);
    out.text = message.text.substr(from, end == std::string::npos ? end : end - from);
    const auto open = message.text.find("prog '");
    const auto close = message.text.find('\'', open + 6);
    out.program = open < begin && close < begin ? message.text.substr(open + 6, close - open - 6) : "";
    found = true;
  }
  return found;
}

/** Warnings that accompany a failure without being its cause; the log of a BTF that is optional is pages long. */
bool IsNoise(const std::string& text) {
  return text.starts_with("BTF loading error") || text.starts_with("-- BEGIN BTF LOAD LOG") ||
         text.starts_with("failed to load object") || text.find("BTF is optional, ignoring") != std::string::npos;
}

Napi::Object CommonFields(Napi::Env env, const std::string& attempted, int error) {
  error = std::abs(error);
  auto fields = Napi::Object::New(env);
  fields.Set("attempted", attempted);
  fields.Set("errno", error);
  fields.Set("errnoName", ErrnoName(error));
  fields.Set("errnoText", ErrnoText(error));
  return fields;
}

}  // namespace

std::string ErrnoName(int error) {
  error = std::abs(error);
  if (error == kKernelNotSupported) return "ENOTSUPP";
  const auto index = static_cast<size_t>(error - __LIBBPF_ERRNO__START);
  if (error >= __LIBBPF_ERRNO__START && index < kLibbpfNames.size()) return kLibbpfNames[index];
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : std::to_string(error);
}

Napi::Error BpfFailure(Napi::Env env, const std::string& attempted, int error,
                       const std::vector<LogMessage>& messages) {
  auto fields = CommonFields(env, attempted, error);
  if (VerifierLog log; FindVerifierLog(messages, log)) {
    fields.Set("program", log.program);
    fields.Set("log", log.text);
    return Make(env, "verifier", fields);
  }
  auto details = Napi::Array::New(env);
  for (const auto& message : messages) {
    if (message.level == LIBBPF_WARN && !IsNoise(message.text)) details.Set(details.Length(), message.text);
  }
  fields.Set("details", details);
  return Make(env, "bpf", fields);
}

Napi::Error VerifierFailure(Napi::Env env, const std::string& attempted, int error, const std::string& program,
                            const std::string& log) {
  auto fields = CommonFields(env, attempted, error);
  fields.Set("program", program);
  fields.Set("log", log);
  return Make(env, "verifier", fields);
}

Napi::Error ArgumentFailure(Napi::Env env, const std::string& message) {
  auto fields = Napi::Object::New(env);
  fields.Set("message", message);
  return Make(env, "argument", fields);
}

Napi::Error ClosedFailure(Napi::Env env, const std::string& what) {
  auto fields = Napi::Object::New(env);
  fields.Set("what", what);
  fields.Set("message", what + " is closed");
  return Make(env, "closed", fields);
}

}  // namespace traceprobe
