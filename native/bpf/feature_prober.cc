#include "bpf/feature_prober.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <vector>

#include "bpf/arguments.h"
#include "bpf/instructions.h"
#include "bpf/lockdown.h"
#include "bpf/perf_event.h"
#include "common/file_descriptor.h"

namespace traceprobe {
namespace {

// Functions that any kernel has and that are called seldom, so that attaching for a moment disturbs nothing.
constexpr const char* kFunction = "vfs_rmdir";
constexpr const char* kHookFunction = "security_inode_rmdir";  // fmod_ret may change what security_… return
#if defined(__x86_64__)
constexpr const char* kInjectableFunction = "__x64_sys_rmdir";
#else
constexpr const char* kInjectableFunction = "__arm64_sys_unlinkat";
#endif

Trial Failed(int error, std::string attempted, std::string reason = "", std::string log = "") {
  return {error < 0 ? -error : error, std::move(attempted), std::move(reason), std::move(log)};
}

struct Loaded {
  FileDescriptor fd;
  Trial trial;
};

struct Kind {
  bpf_prog_type type;
  bpf_attach_type attach = {};
  std::string target = "";  // a function or hook in the kernel's BTF
};

/** One try of one feature, with what it needs of the prober. */
class Attempt {
 public:
  explicit Attempt(std::shared_ptr<btf>& vmlinux) : vmlinux_(vmlinux) {}

  Loaded Load(const Kind& kind, const insn::Program& program) {
    const std::string attempted = "load a program" + (kind.target.empty() ? "" : " for " + kind.target);
    std::vector<char> log(1 << 16, '\0');
    LIBBPF_OPTS(bpf_prog_load_opts, options);
    options.expected_attach_type = kind.attach;
    if (!kind.target.empty()) {
      const auto id = FunctionId(kind.target);
      if (!id) return {FileDescriptor(), Failed(errno != 0 ? errno : ESRCH, attempted, btf_problem_)};
      options.attach_btf_id = *id;
    }
    options.log_buf = log.data();  // libbpf asks for a log only when the first try was refused
    options.log_size = static_cast<uint32_t>(log.size());
    LogCapture capture;
    const int fd = bpf_prog_load(kind.type, "tp_feature", "GPL", program.data(), program.size(), &options);
    if (fd < 0) return {FileDescriptor(), Failed(fd, attempted, "", log.data())};
    return {FileDescriptor(fd), {}};
  }

  Trial LoadOnly(const Kind& kind, const insn::Program& program) { return Load(kind, program).trial; }

  Trial AttachToEvent(const insn::Program& program, const std::string& hook, PerfEvent event) {
    const auto loaded = Load({hook.starts_with("tracepoint") ? BPF_PROG_TYPE_TRACEPOINT : BPF_PROG_TYPE_KPROBE}, program);
    if (!loaded.fd) return loaded.trial;
    if (!event.fd) return Failed(event.error, "open " + hook, event.reason);
    const FileDescriptor link(bpf_link_create(loaded.fd.Get(), event.fd.Get(), BPF_PERF_EVENT, nullptr));
    return link ? Trial{} : Failed(errno, "attach to " + hook);
  }

  Trial AttachTracing(const Kind& kind, const insn::Program& program) {
    const auto loaded = Load(kind, program);
    if (!loaded.fd) return loaded.trial;
    const FileDescriptor link(bpf_raw_tracepoint_open(nullptr, loaded.fd.Get()));
    return link ? Trial{} : Failed(errno, "attach to " + kind.target);
  }

  Trial Lsm();
  Trial TaskStorage();
  Trial KprobeMulti();
  Trial KprobeOverride();

 private:
  std::optional<uint32_t> FunctionId(const std::string& name) {
    if (vmlinux_ == nullptr) {
      LogCapture capture;
      vmlinux_ = std::shared_ptr<btf>(btf__load_vmlinux_btf(), btf__free);
      if (vmlinux_ == nullptr) {
        btf_problem_ = "the kernel has no BTF to be read (CONFIG_DEBUG_INFO_BTF, /sys/kernel/btf/vmlinux)";
        return std::nullopt;
      }
    }
    const auto id = btf__find_by_name_kind(vmlinux_.get(), name.c_str(), BTF_KIND_FUNC);
    if (id > 0) return static_cast<uint32_t>(id);
    errno = ESRCH;
    btf_problem_ = "the kernel's BTF has no function " + name;
    return std::nullopt;
  }

  std::shared_ptr<btf>& vmlinux_;
  std::string btf_problem_;
};

FileDescriptor MakeMap(bpf_map_type type, uint32_t key, uint32_t value, uint32_t entries) {
  return FileDescriptor(bpf_map_create(type, "tp_feature", key, value, entries, nullptr));
}

/** Attaching works even where BPF is no active LSM, so a hook that this process runs through has to fire. */
Trial Attempt::Lsm() {
  const auto map = MakeMap(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(uint64_t), 1);
  if (!map) return Failed(errno, "create an array");
  const auto loaded = Load({BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "bpf_lsm_task_getsid"},
                           insn::Join({insn::LoadMapValue(BPF_REG_1, map.Get()),
                                       {insn::Store(BPF_REG_1, 0, 1)},
                                       insn::Nothing()}));
  if (!loaded.fd) return loaded.trial;
  const FileDescriptor link(bpf_raw_tracepoint_open(nullptr, loaded.fd.Get()));
  if (!link) return Failed(errno, "attach to bpf_lsm_task_getsid");
  [[maybe_unused]] const auto session = getsid(getpid());
  uint32_t key = 0;
  uint64_t hit = 0;
  bpf_map_lookup_elem(map.Get(), &key, &hit);
  if (hit != 0) return {};
  std::string active;
  std::getline(std::ifstream("/sys/kernel/security/lsm"), active);
  return Failed(EOPNOTSUPP, "run a program at an LSM hook",
                "bpf is no active LSM: boot with lsm=" + (active.empty() ? "<the present ones>" : active) + ",bpf");
}

Trial Attempt::TaskStorage() {
  // A task storage map wants BTF for its key and value: int and int.
  const std::unique_ptr<btf, decltype(&btf__free)> types(btf__new_empty(), btf__free);
  if (types == nullptr) return Failed(errno, "make BTF");
  const int number = btf__add_int(types.get(), "int", sizeof(int), BTF_INT_SIGNED);
  if (number < 0) return Failed(number, "make BTF");
  LogCapture capture;
  if (const int error = btf__load_into_kernel(types.get()); error != 0) return Failed(error, "load BTF");
  LIBBPF_OPTS(bpf_map_create_opts, options);
  options.map_flags = BPF_F_NO_PREALLOC;
  options.btf_fd = static_cast<uint32_t>(btf__fd(types.get()));
  options.btf_key_type_id = static_cast<uint32_t>(number);
  options.btf_value_type_id = static_cast<uint32_t>(number);
  const FileDescriptor map(
      bpf_map_create(BPF_MAP_TYPE_TASK_STORAGE, "tp_feature", sizeof(int), sizeof(int), 0, &options));
  if (!map) return Failed(errno, "create a task storage map");
  return LoadOnly({BPF_PROG_TYPE_TRACEPOINT},
                  insn::Join({{insn::Call(BPF_FUNC_get_current_task_btf), insn::Move(BPF_REG_2, BPF_REG_0)},
                              insn::LoadMap(BPF_REG_1, map.Get()),
                              {insn::Set(BPF_REG_3, 0), insn::Set(BPF_REG_4, 0), insn::Call(BPF_FUNC_task_storage_get)},
                              insn::Nothing()}));
}

Trial RingBufferMap(FileDescriptor& map) {
  map = MakeMap(BPF_MAP_TYPE_RINGBUF, 0, 0, static_cast<uint32_t>(sysconf(_SC_PAGESIZE)));
  return map ? Trial{} : Failed(errno, "create a ring buffer");
}

Trial Attempt::KprobeMulti() {
  const auto loaded = Load({BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_MULTI}, insn::Nothing());
  if (!loaded.fd) return loaded.trial;
  const char* functions[] = {kFunction};
  LIBBPF_OPTS(bpf_link_create_opts, options);
  options.kprobe_multi.syms = functions;
  options.kprobe_multi.cnt = 1;
  const FileDescriptor link(bpf_link_create(loaded.fd.Get(), 0, BPF_TRACE_KPROBE_MULTI, &options));
  return link ? Trial{} : Failed(errno, std::string("attach to ") + kFunction);
}

Trial Attempt::KprobeOverride() {
  // The call stands behind a condition that never holds: while this is attached, no rmdir is harmed.
  auto trial = AttachToEvent({insn::Move(BPF_REG_6, BPF_REG_1), insn::Call(BPF_FUNC_ktime_get_ns),
                              insn::SkipUnless(BPF_REG_0, 0, 3), insn::Move(BPF_REG_1, BPF_REG_6),
                              insn::Set(BPF_REG_2, 0), insn::Call(BPF_FUNC_override_return),
                              insn::Set(BPF_REG_0, 0), insn::Exit()},
                             std::string("kprobe ") + kInjectableFunction, OpenKprobe(kInjectableFunction, 0, false));
  if (trial.error == EINVAL && !trial.log.empty()) {
    trial.reason = "this kernel was built without CONFIG_BPF_KPROBE_OVERRIDE";
  } else if (trial.error == EINVAL && trial.reason.empty()) {
    trial.reason = std::string(kInjectableFunction) +
                   " is not on the kernel's error injection list (CONFIG_FUNCTION_ERROR_INJECTION)";
  }
  return trial;
}

insn::Program CallHelper(bpf_func_id helper) { return insn::Join({{insn::Call(helper)}, insn::Nothing()}); }

// r1 = fp - 8, r2 = 8 bytes, r3 = an address: the kernel's own would do, what it holds does not matter.
insn::Program ReadMemory(bpf_func_id helper) {
  return insn::Join({{insn::Store(BPF_REG_10, -8, 0), insn::Move(BPF_REG_1, BPF_REG_10), insn::Add(BPF_REG_1, -8),
                      insn::Set(BPF_REG_2, 8), insn::Set(BPF_REG_3, 0), insn::Call(helper)},
                     insn::Nothing()});
}

// bpf_get_func_arg(ctx, 0, fp - 8)
insn::Program GetArgument() {
  return insn::Join({{insn::Store(BPF_REG_10, -8, 0), insn::Set(BPF_REG_2, 0), insn::Move(BPF_REG_3, BPF_REG_10),
                      insn::Add(BPF_REG_3, -8), insn::Call(BPF_FUNC_get_func_arg)},
                     insn::Nothing()});
}

// record = bpf_ringbuf_reserve(map, 8, 0); if (record) bpf_ringbuf_discard(record, 0)
insn::Program ReserveRecord(int map) {
  return insn::Join({insn::LoadMap(BPF_REG_1, map),
                     {insn::Set(BPF_REG_2, 8), insn::Set(BPF_REG_3, 0), insn::Call(BPF_FUNC_ringbuf_reserve),
                      insn::SkipUnless(BPF_REG_0, 0, 2), insn::Set(BPF_REG_0, 0), insn::Exit(),
                      insn::Move(BPF_REG_1, BPF_REG_0), insn::Set(BPF_REG_2, 0), insn::Call(BPF_FUNC_ringbuf_discard)},
                     insn::Nothing()});
}

// bpf_ringbuf_reserve_dynptr(map, 8, 0, fp - 16); bpf_ringbuf_discard_dynptr(fp - 16, 0)
insn::Program ReserveDynptr(int map) {
  return insn::Join({insn::LoadMap(BPF_REG_1, map),
                     {insn::Set(BPF_REG_2, 8), insn::Set(BPF_REG_3, 0), insn::Move(BPF_REG_4, BPF_REG_10),
                      insn::Add(BPF_REG_4, -16), insn::Call(BPF_FUNC_ringbuf_reserve_dynptr),
                      insn::Move(BPF_REG_1, BPF_REG_10), insn::Add(BPF_REG_1, -16), insn::Set(BPF_REG_2, 0),
                      insn::Call(BPF_FUNC_ringbuf_discard_dynptr)},
                     insn::Nothing()});
}

Trial RawTracepoint(Attempt& attempt) {
  const auto loaded = attempt.Load({BPF_PROG_TYPE_RAW_TRACEPOINT}, insn::Nothing());
  if (!loaded.fd) return loaded.trial;
  const FileDescriptor link(bpf_raw_tracepoint_open("sched_process_exit", loaded.fd.Get()));
  return link ? Trial{} : Failed(errno, "attach to raw tracepoint sched_process_exit");
}

Trial Statistics() {
  const FileDescriptor statistics(bpf_enable_stats(BPF_STATS_RUN_TIME));
  return statistics ? Trial{} : Failed(errno, "switch run time statistics on");
}

using Probe = Trial (*)(Attempt&);

const std::map<std::string, Probe>& Probes() {
  static const std::map<std::string, Probe> probes = {
      {"tracepoint",
       [](Attempt& attempt) {
         return attempt.AttachToEvent(insn::Nothing(), "tracepoint sched/sched_process_exit",
                                      OpenTracepoint("sched", "sched_process_exit"));
       }},
      {"rawTracepoint", &RawTracepoint},
      {"kprobe",
       [](Attempt& attempt) {
         return attempt.AttachToEvent(insn::Nothing(), std::string("kprobe ") + kFunction,
                                      OpenKprobe(kFunction, 0, false));
       }},
      {"kretprobe",
       [](Attempt& attempt) {
         return attempt.AttachToEvent(insn::Nothing(), std::string("kretprobe ") + kFunction,
                                      OpenKprobe(kFunction, 0, true));
       }},
      {"kprobeMulti", [](Attempt& attempt) { return attempt.KprobeMulti(); }},
      {"kprobeOverride", [](Attempt& attempt) { return attempt.KprobeOverride(); }},
      {"uprobe",
       [](Attempt& attempt) {
         // At the ELF header, which is mapped as no code anywhere: the kernel takes the probe and patches nothing.
         return attempt.AttachToEvent(insn::Nothing(), "uprobe /proc/self/exe+0",
                                      OpenUprobe("/proc/self/exe", 0, false, -1));
       }},
      {"fentry",
       [](Attempt& attempt) {
         return attempt.AttachTracing({BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, kFunction}, insn::Nothing());
       }},
      {"fexit",
       [](Attempt& attempt) {
         return attempt.AttachTracing({BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, kFunction}, insn::Nothing());
       }},
      {"fmodRet",
       [](Attempt& attempt) {
         return attempt.AttachTracing({BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN, kHookFunction}, insn::Nothing());
       }},
      {"lsm", [](Attempt& attempt) { return attempt.Lsm(); }},
      {"ringBuffer",
       [](Attempt& attempt) {
         FileDescriptor map;
         const auto trial = RingBufferMap(map);
         return map ? attempt.LoadOnly({BPF_PROG_TYPE_TRACEPOINT}, ReserveRecord(map.Get())) : trial;
       }},
      {"dynptr",
       [](Attempt& attempt) {
         FileDescriptor map;
         const auto trial = RingBufferMap(map);
         return map ? attempt.LoadOnly({BPF_PROG_TYPE_TRACEPOINT}, ReserveDynptr(map.Get())) : trial;
       }},
      {"taskStorage", [](Attempt& attempt) { return attempt.TaskStorage(); }},
      {"getFuncArg",
       [](Attempt& attempt) {
         return attempt.LoadOnly({BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, kFunction}, GetArgument());
       }},
      {"attachCookie",
       [](Attempt& attempt) {
         return attempt.LoadOnly({BPF_PROG_TYPE_TRACEPOINT}, CallHelper(BPF_FUNC_get_attach_cookie));
       }},
      {"readKernelMemory",
       [](Attempt& attempt) {
         auto trial = attempt.LoadOnly({BPF_PROG_TYPE_TRACEPOINT}, ReadMemory(BPF_FUNC_probe_read_kernel));
         if (trial.error != 0 && IsLockedDownForConfidentiality()) {
           trial.reason = "the kernel is locked down (confidentiality), which forbids reading its memory";
         }
         return trial;
       }},
      {"readUserMemory",
       [](Attempt& attempt) {
         return attempt.LoadOnly({BPF_PROG_TYPE_TRACEPOINT}, ReadMemory(BPF_FUNC_probe_read_user));
       }},
      {"statistics", [](Attempt&) { return Statistics(); }},
  };
  return probes;
}

}  // namespace

Napi::Function FeatureProber::Define(Napi::Env env) {
  return DefineClass(env, "NativeFeatureProber",
                     {
                         InstanceMethod<&FeatureProber::Probe>("probe"),
                         InstanceMethod<&FeatureProber::Close>("close"),
                     });
}

FeatureProber::FeatureProber(const Napi::CallbackInfo& info) : Napi::ObjectWrap<FeatureProber>(info) {}

Napi::Value FeatureProber::Probe(const Napi::CallbackInfo& info) {
  auto [feature] = Take<arg::String>(info, "KernelFeatures.probe", {"feature"});
  const Napi::Env env = info.Env();
  const auto found = Probes().find(feature);
  if (found == Probes().end()) {
    std::string names;
    for (const auto& [name, probe] : Probes()) names += (names.empty() ? "" : ", ") + name;
    throw ArgumentFailure(env, "KernelFeatures.probe: feature must be one of " + names + ", not " + Describe(info[0]));
  }
  Attempt attempt(vmlinux_);
  const Trial trial = found->second(attempt);
  if (trial.error == 0) return env.Undefined();
  std::vector<LogMessage> messages;
  if (!trial.reason.empty()) messages.push_back({LIBBPF_WARN, trial.reason});
  return trial.log.empty() || !trial.reason.empty()
             ? BpfFailure(env, trial.attempted, trial.error, messages).Value()
             : VerifierFailure(env, trial.attempted, trial.error, "tp_feature", trial.log).Value();
}

Napi::Value FeatureProber::Close(const Napi::CallbackInfo& info) {
  vmlinux_.reset();
  return info.Env().Undefined();
}

}  // namespace traceprobe
