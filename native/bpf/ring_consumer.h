// A ring buffer map and the thread that empties it.
#pragma once

#include <bpf/libbpf.h>
#include <napi.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/file_descriptor.h"

namespace traceprobe {

/**
 * One delivery is under way at a time: a slow callback lets the ring fill, where programs count what they lose,
 * instead of a queue without an end. Shared, because a delivery can be queued when its consumer is gone already.
 */
struct RingDelivery {
  std::mutex mutex;
  std::condition_variable changed;
  bool under_way = false;
  bool stopping = false;
};

/** Records of one drain: packed, each at a multiple of 8 bytes. */
struct RingRecords {
  std::vector<uint8_t> bytes;
  std::vector<uint32_t> bounds;  // begin and length, in turn
  std::shared_ptr<RingDelivery> delivery;
};

/**
 * JavaScript face: src/bpf/ringBuffer.ts. The thread is lazy: it sleeps in epoll, drains, sleeps 5 ms, drains, and
 * goes back to epoll when that found nothing. The kernel wakes a reader only when it has caught up, so a busy ring
 * costs its producers no wake-ups, and an idle one costs nobody anything.
 */
class RingConsumer : public Napi::ObjectWrap<RingConsumer> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit RingConsumer(const Napi::CallbackInfo& info);
  ~RingConsumer() override;

 private:
  Napi::Value Drain(const Napi::CallbackInfo& info);
  Napi::Value Start(const Napi::CallbackInfo& info);
  Napi::Value RefLoop(const Napi::CallbackInfo& info);
  Napi::Value UnrefLoop(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  static int OnRecord(void* self, void* data, size_t size);
  static void Deliver(Napi::Env env, Napi::Function callback, std::nullptr_t* context, RingRecords* records);
  using Callback = Napi::TypedThreadSafeFunction<std::nullptr_t, RingRecords, &RingConsumer::Deliver>;

  void Run();
  /** Takes what is in the ring, at most about 4 MiB. */
  std::unique_ptr<RingRecords> Take();
  /** Both false: the consumer is being closed. */
  bool WaitForRecords();
  bool Nap();
  void Stop();
  static void OnTeardown(void* self);
  void Check(Napi::Env env) const;

  FileDescriptor map_;
  ring_buffer* ring_ = nullptr;
  RingRecords* taking_ = nullptr;
  std::string name_;

  FileDescriptor stop_;   // eventfd
  FileDescriptor epoll_;  // of the ring and stop_
  std::thread thread_;
  Callback callback_;
  std::shared_ptr<RingDelivery> delivery_;
};

}  // namespace traceprobe
