#include "bpf/kernel_program.h"

#include <utility>

#include "bpf/addon_data.h"
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

Napi::Value KernelProgram::Close(const Napi::CallbackInfo& info) {
  fd_.Close();
  return info.Env().Undefined();
}

}  // namespace traceprobe
