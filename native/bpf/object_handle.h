// The bpf_object shared by a BpfObject and the programs and maps that were handed out of it.
#pragma once

#include <bpf/libbpf.h>
#include <napi.h>

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bpf/errors.h"
#include "bpf/log_capture.h"

namespace traceprobe {

/**
 * Whoever holds a bpf_program* or bpf_map* holds this too and asks Get() first: libbpf frees both with the object,
 * and after close() each of them has to say so instead of touching freed memory.
 */
class ObjectHandle {
 public:
  ObjectHandle(bpf_object* object, bool debug)
      : object_(object), name_(bpf_object__name(object)), debug_(debug) {}
  ~ObjectHandle() { Close(); }
  ObjectHandle(const ObjectHandle&) = delete;
  ObjectHandle& operator=(const ObjectHandle&) = delete;

  /** Throws "`what` is closed" after Close(). */
  bpf_object* Get(Napi::Env env, const std::string& what) const {
    if (object_ == nullptr) throw ClosedFailure(env, what);
    return object_;
  }
  const std::string& Name() const { return name_; }
  bool IsLoaded() const { return loaded_; }
  bool IsDebug() const { return debug_; }
  void SetLoaded() { loaded_ = true; }
  /** The object is about to be loaded, for which libbpf has one attempt. */
  void SetLoadTried() { load_tried_ = true; }
  /** A target was looked for, for which libbpf opens the BTF of every kernel module. */
  void SetTargetSought() { target_sought_ = true; }

  void Close();

  /** Where the verifier writes a program's log; libbpf keeps the pointer until the object is closed. */
  std::unordered_map<std::string, std::vector<char>> log_buffers;
  /** Logs of programs that loaded, when a kernel log level was asked for the whole object. */
  std::unordered_map<std::string, std::string> logs;
  /** The user's print callback, (level, text) => void; may be empty. */
  Napi::FunctionReference on_message;

  void Deliver(const std::vector<LogMessage>& messages);

 private:
  bpf_object* object_;
  std::string name_;
  bool debug_;
  bool loaded_ = false;
  bool load_tried_ = false;
  bool target_sought_ = false;
};

}  // namespace traceprobe
