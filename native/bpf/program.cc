#include "bpf/program.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "bpf/addon_data.h"
#include "bpf/arguments.h"
#include "bpf/elf_symbols.h"
#include "bpf/kernel_program.h"
#include "bpf/kernel_uapi.h"
#include "bpf/link.h"
#include "bpf/program_info.h"

namespace traceprobe {
namespace {

struct Source {
  std::shared_ptr<ObjectHandle> object;
  bpf_program* program;
};

// Every supported architecture has system call wrappers (CONFIG_ARCH_HAS_SYSCALL_WRAPPER) on 6.1 and later.
#if defined(__x86_64__)
constexpr const char* kSyscallPrefix = "__x64_sys_";
#elif defined(__aarch64__)
constexpr const char* kSyscallPrefix = "__arm64_sys_";
#else
#error "what does this architecture call its system calls' functions?"
#endif

}  // namespace

Napi::Value Program::Make(Napi::Env env, std::shared_ptr<ObjectHandle> object, bpf_program* program) {
  Source source{std::move(object), program};
  return AddonData::Of(env).New(AddonData::Of(env).program, source);
}

Napi::Function Program::Define(Napi::Env env) {
  return DefineClass(env, "NativeProgram",
                     {
                         InstanceMethod<&Program::Name>("name"),
                         InstanceMethod<&Program::Section>("section"),
                         InstanceMethod<&Program::Type>("type"),
                         InstanceMethod<&Program::Fd>("fd"),
                         InstanceMethod<&Program::Info>("info"),
                         InstanceMethod<&Program::Duplicate>("duplicate"),
                         InstanceMethod<&Program::Log>("log"),
                         InstanceMethod<&Program::Autoload>("autoload"),
                         InstanceMethod<&Program::SetAutoload>("setAutoload"),
                         InstanceMethod<&Program::SetAttachTarget>("setAttachTarget"),
                         InstanceMethod<&Program::SetLogLevel>("setLogLevel"),
                         InstanceMethod<&Program::Pin>("pin"),
                         InstanceMethod<&Program::Unpin>("unpin"),
                         InstanceMethod<&Program::Attach>("attach"),
                         InstanceMethod<&Program::AttachTracepoint>("attachTracepoint"),
                         InstanceMethod<&Program::AttachRawTracepoint>("attachRawTracepoint"),
                         InstanceMethod<&Program::AttachKprobe>("attachKprobe"),
                         InstanceMethod<&Program::AttachKsyscall>("attachKsyscall"),
                         InstanceMethod<&Program::AttachTrace>("attachTrace"),
                         InstanceMethod<&Program::AttachLsm>("attachLsm"),
                         InstanceMethod<&Program::AttachUprobe>("attachUprobe"),
                     });
}

Program::Program(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Program>(info) {
  auto* source = AddonData::Of(info.Env()).TakeSource<Source>();
  if (source == nullptr) {
    throw ArgumentFailure(info.Env(), "Program: objects make programs; call BpfObject.program(name)");
  }
  object_ = source->object;
  program_ = source->program;
  name_ = bpf_program__name(program_);
}

bpf_program* Program::Get(Napi::Env env) const {
  object_->Get(env, "Program '" + name_ + "' of BpfObject '" + object_->Name() + "'");
  return program_;
}

int Program::LoadedFd(Napi::Env env, const std::string& attempted) const {
  const int fd = bpf_program__fd(Get(env));
  if (fd < 0) {
    throw BpfFailure(env, attempted, ENOENT,
                     {{LIBBPF_WARN, "program '" + name_ +
                                        "' is not in the kernel: load its object first, with autoload on"}});
  }
  return fd;
}

std::string Program::Target(Napi::Env env) const {
  const std::string section = bpf_program__section_name(Get(env));
  return target_.empty() ? section : section.substr(0, section.find('/')) + "/" + target_;
}

Napi::Value Program::Name(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), name_); }

Napi::Value Program::Section(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), bpf_program__section_name(Get(info.Env())));
}

Napi::Value Program::Type(const Napi::CallbackInfo& info) {
  const auto type = bpf_program__type(Get(info.Env()));
  const char* name = libbpf_bpf_prog_type_str(type);
  return Napi::String::New(info.Env(), name != nullptr ? name : std::to_string(type));
}

Napi::Value Program::Fd(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(),
                           LoadedFd(info.Env(), "take the file descriptor of program '" + name_ + "'"));
}

Napi::Value Program::Info(const Napi::CallbackInfo& info) {
  const std::string attempted = "read the information of program '" + name_ + "'";
  return ReadProgramInfo(info.Env(), LoadedFd(info.Env(), attempted), attempted);
}

Napi::Value Program::Duplicate(const Napi::CallbackInfo& info) {
  const std::string attempted = "duplicate program '" + name_ + "'";
  FileDescriptor fd(fcntl(LoadedFd(info.Env(), attempted), F_DUPFD_CLOEXEC, 0));
  if (!fd) throw BpfFailure(info.Env(), attempted, errno);
  return KernelProgram::Make(info.Env(), std::move(fd), name_);
}

Napi::Value Program::Log(const Napi::CallbackInfo& info) {
  Get(info.Env());
  if (const auto buffer = object_->log_buffers.find(name_); buffer != object_->log_buffers.end()) {
    return Napi::String::New(info.Env(), buffer->second.data());
  }
  const auto log = object_->logs.find(name_);
  return Napi::String::New(info.Env(), log == object_->logs.end() ? "" : log->second);
}

template <typename Change>
Napi::Value Program::Configure(Napi::Env env, const std::string& attempted, Change change) {
  bpf_program* program = Get(env);
  LogCapture capture;
  const int error = change(program);
  if (error != 0) throw BpfFailure(env, attempted, error, capture.Messages());
  return env.Undefined();
}

Napi::Value Program::Autoload(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), bpf_program__autoload(Get(info.Env())));
}

Napi::Value Program::SetAutoload(const Napi::CallbackInfo& info) {
  auto [autoload] = Take<arg::Boolean>(info, "Program.setAutoload", {"autoload"});
  return Configure(info.Env(), "set autoload of program '" + name_ + "'",
                   [autoload](bpf_program* program) { return bpf_program__set_autoload(program, autoload); });
}

Napi::Value Program::SetAttachTarget(const Napi::CallbackInfo& info) {
  auto [function] = Take<arg::String>(info, "Program.setAttachTarget", {"function"});
  const auto done = Configure(info.Env(), "set the attach target of program '" + name_ + "' to " + function,
                              [&](bpf_program* program) {
                                object_->SetTargetSought();
                                return bpf_program__set_attach_target(program, 0, function.c_str());
                              });
  target_ = function;
  return done;
}

Napi::Value Program::SetLogLevel(const Napi::CallbackInfo& info) {
  auto [level, size] = Take<arg::Uint32, arg::Uint32>(info, "Program.setLogLevel", {"level", "bufferBytes"});
  const std::string attempted = "set the verifier log level of program '" + name_ + "' to " + std::to_string(level);
  bpf_program* program = Get(info.Env());
  if (object_->IsLoaded()) throw BpfFailure(info.Env(), attempted, EBUSY);
  if (size == 0) throw ArgumentFailure(info.Env(), "Program.setLogLevel: bufferBytes must be positive, not 0");
  auto& buffer = object_->log_buffers[name_];
  buffer.assign(size, '\0');
  return Configure(info.Env(), attempted, [&](bpf_program*) {
    const int error = bpf_program__set_log_level(program, level);
    return error != 0 ? error : bpf_program__set_log_buf(program, buffer.data(), buffer.size());
  });
}

Napi::Value Program::Pin(const Napi::CallbackInfo& info) {
  auto [path] = Take<arg::String>(info, "Program.pin", {"path"});
  return Configure(info.Env(), "pin program '" + name_ + "' to " + path,
                   [&](bpf_program* program) { return bpf_program__pin(program, path.c_str()); });
}

Napi::Value Program::Unpin(const Napi::CallbackInfo& info) {
  auto [path] = Take<arg::String>(info, "Program.unpin", {"path"});
  return Configure(info.Env(), "unpin program '" + name_ + "' from " + path,
                   [&](bpf_program* program) { return bpf_program__unpin(program, path.c_str()); });
}

Napi::Value Program::AttachToEvent(Napi::Env env, const std::string& hook, PerfEvent event, uint64_t cookie) {
  const std::string attempted = "attach program '" + name_ + "' to " + hook;
  LoadedFd(env, attempted);
  if (!event.fd) {
    throw BpfFailure(env, attempted, event.error,
                     event.reason.empty() ? std::vector<LogMessage>() : std::vector{LogMessage{LIBBPF_WARN, event.reason}});
  }
  LIBBPF_OPTS(bpf_perf_event_opts, options);
  options.bpf_cookie = cookie;
  LogCapture capture;
  errno = 0;
  bpf_link* link = bpf_program__attach_perf_event_opts(program_, event.fd.Get(), &options);
  const int error = errno;
  if (link == nullptr) throw BpfFailure(env, attempted, error, capture.Messages());
  event.fd.Release();  // the link's from now on
  object_->Deliver(capture.Messages());
  return Link::Make(env, link, name_ + " on " + hook);
}

template <typename AttachFunction>
Napi::Value Program::AttachBy(Napi::Env env, const std::string& hook, AttachFunction attach) {
  const std::string attempted = "attach program '" + name_ + "' to " + hook;
  LoadedFd(env, attempted);
  LogCapture capture;
  errno = 0;
  bpf_link* link = attach(program_);
  const int error = errno;
  if (link == nullptr) throw BpfFailure(env, attempted, error, capture.Messages());
  object_->Deliver(capture.Messages());
  return Link::Make(env, link, name_ + " on " + hook);
}

Napi::Value Program::Attach(const Napi::CallbackInfo& info) {
  return AttachBy(info.Env(), Target(info.Env()),
                  [](bpf_program* program) { return bpf_program__attach(program); });
}

Napi::Value Program::AttachTracepoint(const Napi::CallbackInfo& info) {
  auto [category, name, cookie] = Take<arg::String, arg::String, arg::Default<arg::Uint64, uint64_t{0}>>(
      info, "Program.attachTracepoint", {"category", "name", "options.cookie"});
  return AttachToEvent(info.Env(), "tracepoint " + category + "/" + name, OpenTracepoint(category, name), cookie);
}

Napi::Value Program::AttachRawTracepoint(const Napi::CallbackInfo& info) {
  auto [name] = Take<arg::String>(info, "Program.attachRawTracepoint", {"name"});
  return AttachBy(info.Env(), "raw tracepoint " + name, [&](bpf_program* program) {
    return bpf_program__attach_raw_tracepoint(program, name.c_str());
  });
}

Napi::Value Program::AttachKprobe(const Napi::CallbackInfo& info) {
  auto [function, offset, retprobe, cookie] =
      Take<arg::String, arg::Default<arg::Uint32, 0u>, arg::Default<arg::Boolean, false>,
           arg::Default<arg::Uint64, uint64_t{0}>>(
          info, "Program.attachKprobe", {"function", "options.offset", "options.retprobe", "options.cookie"});
  const std::string hook = (retprobe ? "kretprobe " : "kprobe ") + function +
                           (offset == 0 ? "" : "+" + std::to_string(offset));
  return AttachToEvent(info.Env(), hook, OpenKprobe(function, offset, retprobe), cookie);
}

Napi::Value Program::AttachKsyscall(const Napi::CallbackInfo& info) {
  auto [name, retprobe, cookie] =
      Take<arg::String, arg::Default<arg::Boolean, false>, arg::Default<arg::Uint64, uint64_t{0}>>(
          info, "Program.attachKsyscall", {"name", "options.retprobe", "options.cookie"});
  return AttachToEvent(info.Env(), (retprobe ? "kretsyscall " : "ksyscall ") + name,
                       OpenKprobe(kSyscallPrefix + name, 0, retprobe), cookie);
}

Napi::Value Program::AttachTrace(const Napi::CallbackInfo& info) {
  auto [cookie] =
      Take<arg::Default<arg::Uint64, uint64_t{0}>>(info, "Program.attachTrace", {"options.cookie"});
  LIBBPF_OPTS(bpf_trace_opts, options);
  options.cookie = cookie;
  return AttachBy(info.Env(), Target(info.Env()), [&](bpf_program* program) {
    return bpf_program__attach_trace_opts(program, &options);
  });
}

Napi::Value Program::AttachLsm(const Napi::CallbackInfo& info) {
  return AttachBy(info.Env(), Target(info.Env()),
                  [](bpf_program* program) { return bpf_program__attach_lsm(program); });
}

Napi::Value Program::AttachUprobe(const Napi::CallbackInfo& info) {
  auto [path, symbol, offset, retprobe, pid, cookie] =
      Take<arg::String, arg::Optional<arg::String>, arg::Default<arg::Uint64, uint64_t{0}>,
           arg::Default<arg::Boolean, false>, arg::Default<arg::Int32, -1>,
           arg::Default<arg::Uint64, uint64_t{0}>>(info, "Program.attachUprobe",
                                                   {"options.path", "options.symbol", "options.offset",
                                                    "options.retprobe", "options.pid", "options.cookie"});
  if (!symbol && info[2].IsUndefined()) {
    throw ArgumentFailure(info.Env(), "Program.attachUprobe: options must have a symbol or an offset");
  }
  const std::string hook = (retprobe ? "uretprobe " : "uprobe ") + path + ":" + symbol.value_or("") +
                           (symbol && offset == 0 ? "" : "+" + std::to_string(offset));
  uint64_t start = 0;
  if (symbol) {
    const auto symbols = ReadElfSymbols(path);
    const auto found = std::find_if(symbols.functions.begin(), symbols.functions.end(),
                                    [&](const ElfSymbol& function) { return function.name == *symbol; });
    if (found == symbols.functions.end()) {
      const bool readable = symbols.errno_value == 0;
      throw BpfFailure(info.Env(), "attach program '" + name_ + "' to " + hook, readable ? ENOENT : symbols.errno_value,
                       {{LIBBPF_WARN, !symbols.error.empty() ? symbols.error
                                      : readable ? path + " has no function " + *symbol + " in its symbol tables"
                                                 : path + " cannot be opened"}});
    }
    start = found->offset;
  }
  return AttachToEvent(info.Env(), hook, OpenUprobe(path, start + offset, retprobe, pid), cookie);
}

}  // namespace traceprobe
