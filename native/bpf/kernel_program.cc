#include "bpf/kernel_program.h"

#include <bpf/bpf.h>

#include <utility>

#include "bpf/addon_data.h"
#include "bpf/arguments.h"
#include "bpf/errors.h"
#include "bpf/program_info.h"

namespace traceprobe {
namespace {

struct Source {
  FileDescriptor fd;
  std::string name;
};

}  // namespace

Napi::Value KernelProgram::Make(Napi::Env env, FileDescriptor fd, const std::string& name) {
  Source source{std::move(fd), name};
  return AddonData::Of(env).New(AddonData::Of(env).kernel_program, source);
}

Napi::Function KernelProgram::Define(Napi::Env env) {
  return DefineClass(env, "NativeKernelProgram",
                     {
                         InstanceMethod<&KernelProgram::Name>("name"),
                         InstanceMethod<&KernelProgram::Fd>("fd"),
                         InstanceMethod<&KernelProgram::Info>("info"),
                         InstanceMethod<&KernelProgram::Run>("run"),
                         InstanceMethod<&KernelProgram::Close>("close"),
                     });
}

KernelProgram::KernelProgram(const Napi::CallbackInfo& info) : Napi::ObjectWrap<KernelProgram>(info) {
  auto* source = AddonData::Of(info.Env()).TakeSource<Source>();
  if (source == nullptr) throw ArgumentFailure(info.Env(), "KernelProgram: call Program.duplicate()");
  fd_ = std::move(source->fd);
  name_ = source->name;
}

int KernelProgram::OpenFd(Napi::Env env) const {
  if (!fd_) throw ClosedFailure(env, "KernelProgram '" + name_ + "'");
  return fd_.Get();
}

Napi::Value KernelProgram::Name(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), name_); }

Napi::Value KernelProgram::Fd(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), OpenFd(info.Env()));
}

Napi::Value KernelProgram::Info(const Napi::CallbackInfo& info) {
  return ReadProgramInfo(info.Env(), OpenFd(info.Env()), "read the information of program '" + name_ + "'");
}

Napi::Value KernelProgram::Run(const Napi::CallbackInfo& info) {
  auto [memory] = Take<arg::Bytes>(info, "KernelProgram.run", {"memory"});
  const Napi::Env env = info.Env();
  const int fd = OpenFd(env);
  const uint64_t arguments[2] = {reinterpret_cast<uint64_t>(memory.data()), memory.size()};
  LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = arguments, .ctx_size_in = sizeof(arguments));
  if (const int error = bpf_prog_test_run_opts(fd, &options); error != 0) {
    throw BpfFailure(env, "run program '" + name_ + "'", error);
  }
  return Napi::Number::New(env, options.retval);
}

Napi::Value KernelProgram::Close(const Napi::CallbackInfo& info) {
  fd_.Close();
  return info.Env().Undefined();
}

}  // namespace traceprobe
