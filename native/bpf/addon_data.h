// What one environment (the main thread or a worker) has of the addon. There is no other state: the addon can be
// loaded in any number of workers, and each frees its own when it ends.
#pragma once

#include <napi.h>

#include <memory>
#include <unordered_map>
#include <utility>

namespace traceprobe {

class AddonData {
 public:
  static AddonData& Of(Napi::Env env) { return *env.GetInstanceData<AddonData>(); }

  /** Set by configure(): turns (kind, fields) into the error class that TypeScript declares. */
  Napi::FunctionReference create_error;

  Napi::FunctionReference bpf_object;
  Napi::FunctionReference program;
  Napi::FunctionReference kernel_program;
  Napi::FunctionReference map;
  Napi::FunctionReference link;
  Napi::FunctionReference btf;

  /**
   * A new object of `constructor` made from `source`, which its C++ constructor takes by TakeSource(). Objects that only
   * C++ can make get what they wrap this way, and nothing that JavaScript could pass is mistaken for it.
   */
  template <typename Source>
  Napi::Object New(Napi::FunctionReference& constructor, Source& source) {
    source_ = &source;
    const auto object = constructor.New({});
    source_ = nullptr;
    return object;
  }

  /** Null when JavaScript called the constructor. */
  template <typename Source>
  Source* TakeSource() {
    return static_cast<Source*>(std::exchange(source_, nullptr));
  }

  /** The environment's one T, made on first use: a place for other parts of the addon to keep theirs. */
  template <typename T>
  T& Slot() {
    static const char key = 0;  // its address names T; the addon is built without RTTI
    auto& slot = slots_[&key];
    if (!slot) slot = std::make_shared<T>();
    return *static_cast<T*>(slot.get());
  }

 private:
  void* source_ = nullptr;
  std::unordered_map<const void*, std::shared_ptr<void>> slots_;
};

}  // namespace traceprobe
