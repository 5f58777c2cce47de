#include "bpf/object_handle.h"

namespace traceprobe {

void ObjectHandle::Close() {
  bpf_object* object = std::exchange(object_, nullptr);
  if (object == nullptr) return;
  if (target_sought_ && !load_tried_) {
    // libbpf (1.1 to 1.5) frees that BTF, a descriptor a module, in bpf_object__load() alone, whether that succeeds or
    // not. So load nothing.
    const LogCapture capture;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object) { bpf_program__set_autoload(program, false); }
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object) { bpf_map__set_autocreate(map, false); }
    bpf_object__load(object);
  }
  bpf_object__close(object);
}

void ObjectHandle::Deliver(const std::vector<LogMessage>& messages) {
  if (on_message.IsEmpty()) return;
  const Napi::Env env = on_message.Env();
  const Napi::HandleScope scope(env);
  constexpr const char* kLevels[] = {"warn", "info", "debug"};
  for (const auto& message : messages) {
    on_message.Call({Napi::String::New(env, kLevels[message.level]), Napi::String::New(env, message.text)});
  }
}

}  // namespace traceprobe
