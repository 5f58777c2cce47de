#include "bpf/ring_consumer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <cstring>

#include "bpf/arguments.h"

namespace traceprobe {
namespace {

constexpr int kNap = 5;  // milliseconds between drains of a busy ring
constexpr size_t kMostBytes = 4 << 20;

Napi::Value ToJavaScript(Napi::Env env, const RingRecords& records) {
  auto result = Napi::Object::New(env);
  result.Set("bytes", Napi::Buffer<uint8_t>::Copy(env, records.bytes.data(), records.bytes.size()));
  auto bounds = Napi::Uint32Array::New(env, records.bounds.size());
  if (!records.bounds.empty()) {
    memcpy(bounds.Data(), records.bounds.data(), records.bounds.size() * sizeof(uint32_t));
  }
  result.Set("bounds", bounds);
  return result;
}

}  // namespace

Napi::Function RingConsumer::Define(Napi::Env env) {
  return DefineClass(env, "NativeRingConsumer",
                     {
                         InstanceMethod<&RingConsumer::Drain>("drain"),
                         InstanceMethod<&RingConsumer::Start>("start"),
                         InstanceMethod<&RingConsumer::RefLoop>("ref"),
                         InstanceMethod<&RingConsumer::UnrefLoop>("unref"),
                         InstanceMethod<&RingConsumer::Close>("close"),
                     });
}

RingConsumer::RingConsumer(const Napi::CallbackInfo& info) : Napi::ObjectWrap<RingConsumer>(info) {
  auto [fd, name] = traceprobe::Take<arg::Int32, arg::String>(info, "RingBuffer.open", {"map", "name"});
  name_ = name;
  const std::string attempted = "read ring buffer '" + name + "'";
  // A descriptor of its own, so that the map may be closed while it is read.
  map_ = FileDescriptor(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!map_) throw BpfFailure(info.Env(), attempted, errno);
  LogCapture capture;
  ring_ = ring_buffer__new(map_.Get(), &RingConsumer::OnRecord, this, nullptr);
  if (ring_ == nullptr) throw BpfFailure(info.Env(), attempted, errno, capture.Messages());
}

RingConsumer::~RingConsumer() { Stop(); }

void RingConsumer::Check(Napi::Env env) const {
  if (ring_ == nullptr) throw ClosedFailure(env, "RingBuffer '" + name_ + "'");
}

int RingConsumer::OnRecord(void* self, void* data, size_t size) {
  auto& records = *static_cast<RingConsumer*>(self)->taking_;
  const size_t begin = records.bytes.size();
  records.bytes.resize(begin + ((size + 7) & ~size_t{7}));
  memcpy(records.bytes.data() + begin, data, size);
  records.bounds.push_back(static_cast<uint32_t>(begin));
  records.bounds.push_back(static_cast<uint32_t>(size));
  // A negative answer ends the drain behind this record; without it a fast producer would keep it going for ever.
  return records.bytes.size() < kMostBytes ? 0 : -ECANCELED;
}

std::unique_ptr<RingRecords> RingConsumer::Take() {
  auto records = std::make_unique<RingRecords>();
  taking_ = records.get();
  ring_buffer__consume(ring_);
  taking_ = nullptr;
  return records;
}

Napi::Value RingConsumer::Drain(const Napi::CallbackInfo& info) {
  Check(info.Env());
  if (thread_.joinable()) {
    throw BpfFailure(info.Env(), "drain ring buffer '" + name_ + "'", EBUSY,
                     {{LIBBPF_WARN, "its records go to the callback of consume()"}});
  }
  return ToJavaScript(info.Env(), *Take());
}

Napi::Value RingConsumer::Start(const Napi::CallbackInfo& info) {
  auto [callback] = traceprobe::Take<arg::Function>(info, "RingBuffer.consume", {"callback"});
  const Napi::Env env = info.Env();
  Check(env);
  const std::string attempted = "consume ring buffer '" + name_ + "'";
  if (thread_.joinable()) {
    throw BpfFailure(env, attempted, EBUSY, {{LIBBPF_WARN, "it is being consumed already"}});
  }
  stop_ = FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_ = FileDescriptor(epoll_create1(EPOLL_CLOEXEC));
  if (!stop_ || !epoll_) throw BpfFailure(env, attempted, errno);
  for (const int fd : {stop_.Get(), map_.Get()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (epoll_ctl(epoll_.Get(), EPOLL_CTL_ADD, fd, &event) != 0) throw BpfFailure(env, attempted, errno);
  }
  callback_ = Callback::New(env, callback, "RingBuffer.consume", 0, 1);
  // Hooks run in reverse order: the thread has ended before Node tears the thread-safe function down.
  napi_add_env_cleanup_hook(env, &RingConsumer::OnTeardown, this);
  delivery_ = std::make_shared<RingDelivery>();
  thread_ = std::thread(&RingConsumer::Run, this);
  Napi::ObjectWrap<RingConsumer>::Ref();  // while records come the consumer is in use, whoever holds it
  return env.Undefined();
}

void RingConsumer::OnTeardown(void* self) { static_cast<RingConsumer*>(self)->Stop(); }

bool RingConsumer::WaitForRecords() {
  epoll_event event{};
  while (epoll_wait(epoll_.Get(), &event, 1, -1) < 0 && errno == EINTR) {
  }
  return event.data.fd != stop_.Get();
}

bool RingConsumer::Nap() {
  pollfd stop{stop_.Get(), POLLIN, 0};
  while (poll(&stop, 1, kNap) < 0 && errno == EINTR) {
  }
  return stop.revents == 0;
}

void RingConsumer::Run() {
  while (WaitForRecords()) {
    for (;;) {
      auto records = Take();
      if (records->bounds.empty()) break;
      {
        std::unique_lock lock(delivery_->mutex);
        delivery_->changed.wait(lock, [this] { return !delivery_->under_way || delivery_->stopping; });
        if (delivery_->stopping) return;
        delivery_->under_way = true;
      }
      records->delivery = delivery_;
      if (callback_.NonBlockingCall(records.get()) != napi_ok) return;
      records.release();  // Deliver owns it
      if (!Nap()) return;
    }
  }
}

void RingConsumer::Deliver(Napi::Env env, Napi::Function callback, std::nullptr_t*, RingRecords* records) {
  const std::unique_ptr<RingRecords> owned(records);
  if (env == nullptr) return;  // the environment is going: only free
  bool stopping = false;
  {
    const std::lock_guard lock(owned->delivery->mutex);
    owned->delivery->under_way = false;
    stopping = owned->delivery->stopping;
  }
  owned->delivery->changed.notify_one();
  if (!stopping) callback.Call({ToJavaScript(env, *owned)});
}

void RingConsumer::Stop() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(delivery_->mutex);
      delivery_->stopping = true;
    }
    delivery_->changed.notify_one();
    const uint64_t one = 1;
    [[maybe_unused]] const auto written = write(stop_.Get(), &one, sizeof(one));
    thread_.join();
    callback_.Release();
  }
  if (ring_ != nullptr) ring_buffer__free(std::exchange(ring_, nullptr));
  stop_.Close();
  epoll_.Close();
  map_.Close();
}

Napi::Value RingConsumer::RefLoop(const Napi::CallbackInfo& info) {
  Check(info.Env());
  if (thread_.joinable()) callback_.Ref(info.Env());
  return info.Env().Undefined();
}

Napi::Value RingConsumer::UnrefLoop(const Napi::CallbackInfo& info) {
  Check(info.Env());
  if (thread_.joinable()) callback_.Unref(info.Env());
  return info.Env().Undefined();
}

Napi::Value RingConsumer::Close(const Napi::CallbackInfo& info) {
  const bool running = thread_.joinable();
  if (running) napi_remove_env_cleanup_hook(info.Env(), &RingConsumer::OnTeardown, this);
  Stop();
  if (running) Napi::ObjectWrap<RingConsumer>::Unref();
  return info.Env().Undefined();
}

}  // namespace traceprobe
