#include "bpf/synchronize.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "bpf/errors.h"

namespace traceprobe {
namespace {

class Worker : public Napi::AsyncWorker {
 public:
  explicit Worker(Napi::Env env) : Napi::AsyncWorker(env, "synchronize"), deferred_(env) {}
  Napi::Promise Promise() const { return deferred_.Promise(); }

 protected:
  // MEMBARRIER_CMD_GLOBAL is synchronize_rcu() (kernel/sched/membarrier.c), which kprobe, tracepoint and XDP programs
  // run under. Sleepable programs and trampolines run under other kinds of RCU.
  void Execute() override {
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0) error_ = errno;
  }

  void OnOK() override {
    if (error_ == 0) return deferred_.Resolve(Env().Undefined());
    // EINVAL: nohz_full CPUs forbid the command, see membarrier(2).
    deferred_.Reject(BpfFailure(Env(), "wait for running programs to end (membarrier)", error_).Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
  int error_ = 0;
};

}  // namespace

Napi::Value Synchronize(const Napi::CallbackInfo& info) {
  auto* worker = new Worker(info.Env());  // deletes itself
  const auto promise = worker->Promise();
  worker->Queue();
  return promise;
}

}  // namespace traceprobe
