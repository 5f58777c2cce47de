#include "bpf/link.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstring>

#include "bpf/addon_data.h"
#include "bpf/arguments.h"
#include "bpf/kernel_uapi.h"

namespace traceprobe {
namespace {

struct Attached {
  bpf_link* link;
  std::string name;
};

Napi::Value Id(Napi::Env env, __u32 id) { return Napi::Number::New(env, id); }

}  // namespace

Napi::Value Link::Make(Napi::Env env, bpf_link* link, const std::string& name) {
  Attached attached{link, name};
  return AddonData::Of(env).New(AddonData::Of(env).link, attached);
}

Napi::Function Link::Define(Napi::Env env) {
  return DefineClass(env, "NativeLink",
                     {
                         StaticMethod<&Link::OpenPinned>("openPinned"),
                         InstanceMethod<&Link::Name>("name"),
                         InstanceMethod<&Link::Fd>("fd"),
                         InstanceMethod<&Link::Info>("info"),
                         InstanceMethod<&Link::Pin>("pin"),
                         InstanceMethod<&Link::Unpin>("unpin"),
                         InstanceMethod<&Link::Detach>("detach"),
                         InstanceMethod<&Link::Close>("close"),
                     });
}

Link::Link(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Link>(info) {
  const auto* attached = AddonData::Of(info.Env()).TakeSource<Attached>();
  if (attached == nullptr) throw ArgumentFailure(info.Env(), "Link: programs make links; call Program.attach…()");
  link_ = attached->link;
  name_ = attached->name;
}

Link::~Link() { Destroy(); }

bpf_link* Link::Get(Napi::Env env) const {
  if (link_ == nullptr) throw ClosedFailure(env, "Link '" + name_ + "'");
  return link_;
}

Napi::Value Link::OpenPinned(const Napi::CallbackInfo& info) {
  auto [path] = Take<arg::String>(info, "Link.openPinned", {"path"});
  LogCapture capture;
  bpf_link* link = bpf_link__open(path.c_str());
  const int error = errno;
  if (link == nullptr) throw BpfFailure(info.Env(), "open the link pinned at " + path, error, capture.Messages());
  return Make(info.Env(), link, path);
}

Napi::Value Link::Name(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), name_); }

Napi::Value Link::Fd(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), bpf_link__fd(Get(info.Env())));
}

Napi::Value Link::Info(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  bpf_link* link = Get(env);
  // Names are not asked for: the caller attached and knows them. A length of zero and no buffer is valid for both.
  uapi::LinkInfo facts;
  memset(&facts, 0, sizeof(facts));
  __u32 length = sizeof(facts);
  if (const int error = bpf_obj_get_info_by_fd(bpf_link__fd(link), &facts, &length); error != 0) {
    throw BpfFailure(env, "read the information of link '" + name_ + "'", error);
  }
  auto result = Napi::Object::New(env);
  result.Set("id", Id(env, facts.id));
  result.Set("programId", Id(env, facts.program_id));
  const char* type = libbpf_bpf_link_type_str(static_cast<bpf_link_type>(facts.type));
  result.Set("type", type == nullptr ? Napi::Value(Id(env, facts.type)) : Napi::String::New(env, type));
  if (facts.type == BPF_LINK_TYPE_PERF_EVENT && length >= uapi::kLinkInfoWithMissed &&
      (facts.perf_event.type == uapi::kPerfEventKprobe || facts.perf_event.type == uapi::kPerfEventKretprobe)) {
    result.Set("missed", Napi::Number::New(env, static_cast<double>(facts.perf_event.kprobe.missed)));
  }
  return result;
}

Napi::Value Link::Pin(const Napi::CallbackInfo& info) {
  auto [path] = Take<arg::String>(info, "Link.pin", {"path"});
  bpf_link* link = Get(info.Env());
  LogCapture capture;
  if (const int error = bpf_link__pin(link, path.c_str()); error != 0) {
    throw BpfFailure(info.Env(), "pin link '" + name_ + "' to " + path, error, capture.Messages());
  }
  return info.Env().Undefined();
}

Napi::Value Link::Unpin(const Napi::CallbackInfo& info) {
  bpf_link* link = Get(info.Env());
  LogCapture capture;
  if (const int error = bpf_link__unpin(link); error != 0) {
    throw BpfFailure(info.Env(), "unpin link '" + name_ + "'", error, capture.Messages());
  }
  return info.Env().Undefined();
}

Napi::Value Link::Detach(const Napi::CallbackInfo& info) {
  bpf_link* link = Get(info.Env());
  const int error = bpf_link__detach(link);
  if (error == -EOPNOTSUPP) {
    // A link of a perf event or raw tracepoint is attached as long as anybody refers to it: we and the pin.
    LogCapture capture;
    if (bpf_link__pin_path(link) != nullptr) {
      if (const int refused = bpf_link__unpin(link); refused != 0 && refused != -ENOENT) {
        throw BpfFailure(info.Env(), "detach link '" + name_ + "' by removing its pin", refused, capture.Messages());
      }
    }
    Destroy();
  } else if (error != 0) {
    throw BpfFailure(info.Env(), "detach link '" + name_ + "'", error);
  }
  return info.Env().Undefined();
}

Napi::Value Link::Close(const Napi::CallbackInfo& info) {
  Destroy();
  return info.Env().Undefined();
}

}  // namespace traceprobe
