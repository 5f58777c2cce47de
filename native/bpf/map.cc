#include "bpf/map.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "bpf/addon_data.h"
#include "bpf/arguments.h"
#include "bpf/map_info.h"
#include "bpf/mapping.h"

namespace traceprobe {
namespace {

struct Source {
  std::shared_ptr<ObjectHandle> object;
  bpf_map* map;
  FileDescriptor fd;
  bpf_map_info info;
};

const char* TypeName(uint32_t type) { return libbpf_bpf_map_type_str(static_cast<bpf_map_type>(type)); }

/** The number of a type that libbpf knows by this name, or nothing. */
std::optional<uint32_t> TypeByName(const std::string& name) {
  constexpr uint32_t kBeyondAnyType = 256;
  for (uint32_t type = 0; type < kBeyondAnyType; type++) {
    const char* known = TypeName(type);
    if (known != nullptr && name == known) return type;
  }
  return std::nullopt;
}

}  // namespace

Napi::Value Map::Make(Napi::Env env, std::shared_ptr<ObjectHandle> object, bpf_map* map) {
  Source source{std::move(object), map, FileDescriptor(), {}};
  return AddonData::Of(env).New(AddonData::Of(env).map, source);
}

Napi::Value Map::MakeOwned(Napi::Env env, FileDescriptor fd, const std::string& attempted) {
  const auto map_info = ReadMapInfo(env, fd.Get(), attempted);
  Source source{nullptr, nullptr, std::move(fd), map_info};
  return AddonData::Of(env).New(AddonData::Of(env).map, source);
}

Napi::Function Map::Define(Napi::Env env) {
  return DefineClass(env, "NativeMap",
                     {
                         StaticMethod<&Map::Create>("create"),
                         StaticMethod<&Map::OpenPinned>("openPinned"),
                         InstanceMethod<&Map::Name>("name"),
                         InstanceMethod<&Map::Shape>("shape"),
                         InstanceMethod<&Map::Fd>("fd"),
                         InstanceMethod<&Map::Id>("id"),
                         InstanceMethod<&Map::Duplicate>("duplicate"),
                         InstanceMethod<&Map::SetMaxEntries>("setMaxEntries"),
                         InstanceMethod<&Map::SetValueSize>("setValueSize"),
                         InstanceMethod<&Map::SetAutocreate>("setAutocreate"),
                         InstanceMethod<&Map::SetPinPath>("setPinPath"),
                         InstanceMethod<&Map::SetInitialValue>("setInitialValue"),
                         InstanceMethod<&Map::InitialValue>("initialValue"),
                         InstanceMethod<&Map::Reuse>("reuse"),
                         InstanceMethod<&Map::Lookup>("lookup"),
                         InstanceMethod<&Map::LookupAndDelete>("lookupAndDelete"),
                         InstanceMethod<&Map::Update>("update"),
                         InstanceMethod<&Map::Delete>("delete"),
                         InstanceMethod<&Map::Keys>("keys"),
                         InstanceMethod<&Map::LookupBatch>("lookupBatch"),
                         InstanceMethod<&Map::UpdateBatch>("updateBatch"),
                         InstanceMethod<&Map::DeleteBatch>("deleteBatch"),
                         InstanceMethod<&Map::Mmap>("mmap"),
                         InstanceMethod<&Map::Pin>("pin"),
                         InstanceMethod<&Map::Unpin>("unpin"),
                         InstanceMethod<&Map::Freeze>("freeze"),
                         InstanceMethod<&Map::Close>("close"),
                     });
}

Map::Map(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Map>(info) {
  auto* source = AddonData::Of(info.Env()).TakeSource<Source>();
  if (source == nullptr) {
    throw ArgumentFailure(info.Env(), "BpfMap: use BpfMap.create(), BpfMap.openPinned() or BpfObject.map()");
  }
  if (source->map != nullptr) {
    object_ = source->object;
    map_ = source->map;
    name_ = bpf_map__name(map_);
    return;
  }
  fd_ = std::move(source->fd);
  name_ = source->info.name;
  shape_ = {source->info.type, source->info.key_size, source->info.value_size, source->info.max_entries,
            source->info.map_flags};
}

Napi::Value Map::Create(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto [name, key_size, value_size, max_entries, flags, inner_fd] =
      Take<arg::String, arg::Uint32, arg::Uint32, arg::Uint32, arg::Default<arg::Uint32, 0u>,
           arg::Optional<arg::Int32>>(
          info, "BpfMap.create",
          {"options.name", "options.keySize", "options.valueSize", "options.maxEntries", "options.flags",
           "options.innerMap"});
  // The type stands last: a name that libbpf knows, or the kernel's number for one that it does not.
  std::optional<uint32_t> type;
  if (info[6].IsString()) type = TypeByName(info[6].As<Napi::String>().Utf8Value());
  if (info[6].IsNumber()) type = arg::Uint32::From(info[6]);
  if (!type) {
    throw ArgumentFailure(env, "BpfMap.create: options.type must be a map type's name, such as \"hash\", or number, "
                               "not " + Describe(info[6]));
  }
  LIBBPF_OPTS(bpf_map_create_opts, options);
  options.map_flags = flags;
  if (inner_fd) options.inner_map_fd = static_cast<__u32>(*inner_fd);
  LogCapture capture;
  const int fd = bpf_map_create(static_cast<bpf_map_type>(*type), name.c_str(), key_size, value_size, max_entries,
                                &options);
  const char* type_name = TypeName(*type);
  const std::string attempted =
      "create map '" + name + "' (type " + (type_name != nullptr ? type_name : std::to_string(*type)) + ", key " +
      std::to_string(key_size) + " bytes, value " + std::to_string(value_size) + " bytes, " +
      std::to_string(max_entries) + " entries, flags " + std::to_string(flags) + ")";
  if (fd < 0) throw BpfFailure(env, attempted, fd, capture.Messages());
  return MakeOwned(env, FileDescriptor(fd), attempted);
}

Napi::Value Map::OpenPinned(const Napi::CallbackInfo& info) {
  auto [path] = Take<arg::String>(info, "BpfMap.openPinned", {"path"});
  const std::string attempted = "open the map pinned at " + path;
  const int fd = bpf_obj_get(path.c_str());
  if (fd < 0) throw BpfFailure(info.Env(), attempted, fd);
  return MakeOwned(info.Env(), FileDescriptor(fd), attempted);
}

void Map::Check(Napi::Env env) const {
  if (closed_) throw ClosedFailure(env, Title());
  if (object_) object_->Get(env, Title() + " of BpfObject '" + object_->Name() + "'");
}

int Map::OpenFd(Napi::Env env, const std::string& attempted) const {
  Check(env);
  const int fd = map_ != nullptr ? bpf_map__fd(map_) : fd_.Get();
  if (fd < 0) {
    throw BpfFailure(env, attempted, ENOENT, {{LIBBPF_WARN, "map '" + name_ + "' is made when its object is loaded"}});
  }
  return fd;
}

MapShape Map::ShapeOf(Napi::Env env) const {
  Check(env);
  if (map_ == nullptr) return shape_;
  return {static_cast<uint32_t>(bpf_map__type(map_)), bpf_map__key_size(map_), bpf_map__value_size(map_),
          bpf_map__max_entries(map_), bpf_map__map_flags(map_)};
}

Napi::Value Map::Name(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), name_); }

Napi::Value Map::Shape(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto shape = ShapeOf(env);
  auto result = Napi::Object::New(env);
  const char* type = TypeName(shape.type);
  result.Set("type", Napi::String::New(env, type != nullptr ? type : std::to_string(shape.type)));
  result.Set("keySize", shape.key_size);
  result.Set("valueSize", shape.value_size);
  result.Set("maxEntries", shape.max_entries);
  result.Set("flags", shape.flags);
  result.Set("perCpu", shape.IsPerCpu());
  result.Set("cpuStride", static_cast<double>(shape.CpuStride()));
  result.Set("valueBytes", static_cast<double>(shape.ValueBytes()));
  return result;
}

Napi::Value Map::Fd(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), OpenFd(info.Env(), "take the file descriptor of " + Title()));
}

Napi::Value Map::Id(const Napi::CallbackInfo& info) {
  const std::string attempted = "read the information of " + Title();
  return Napi::Number::New(info.Env(), ReadMapInfo(info.Env(), OpenFd(info.Env(), attempted), attempted).id);
}

Napi::Value Map::Duplicate(const Napi::CallbackInfo& info) {
  const std::string attempted = "duplicate " + Title();
  FileDescriptor fd(fcntl(OpenFd(info.Env(), attempted), F_DUPFD_CLOEXEC, 0));
  if (!fd) throw BpfFailure(info.Env(), attempted, errno);
  return MakeOwned(info.Env(), std::move(fd), attempted);
}

Napi::Value Map::Mmap(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string attempted = "map the memory of " + Title();
  const int fd = OpenFd(env, attempted);
  if (!view_.IsEmpty()) {
    if (const Napi::ArrayBuffer view = view_.Value(); !view.IsEmpty()) return view;
  }
  const auto shape = ShapeOf(env);
  if (shape.type != BPF_MAP_TYPE_ARRAY || (shape.flags & BPF_F_MMAPABLE) == 0) {
    throw BpfFailure(env, attempted, EINVAL, {{LIBBPF_WARN, "only arrays created with BPF_F_MMAPABLE can be mapped"}});
  }
  // Elements are 8-byte aligned, the whole a number of pages (kernel/bpf/arraymap.c).
  const size_t bytes = shape.CpuStride() * shape.max_entries;
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t mapped = (bytes + page - 1) / page * page;
  // Always writable: a view that dies at the first write would take the process with it. A frozen map is refused.
  void* address = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) throw BpfFailure(env, attempted, errno);
  auto mapping = std::make_unique<Mapping>(address, mapped);
  // The view owns the mapping, so it is unmapped when close() detaches the view, or else when nobody has it any more.
  auto view = Napi::ArrayBuffer::New(
      env, address, bytes, [](Napi::Env, void*, Mapping* owned) { delete owned; }, mapping.get());
  mapping.release();
  view_ = Napi::Weak(view);
  return view;
}

Napi::Value Map::Pin(const Napi::CallbackInfo& info) {
  auto [path] = Take<arg::String>(info, "BpfMap.pin", {"path"});
  const std::string attempted = "pin " + Title() + " to " + path;
  const int error = bpf_obj_pin(OpenFd(info.Env(), attempted), path.c_str());
  if (error != 0) throw BpfFailure(info.Env(), attempted, error);
  return info.Env().Undefined();
}

Napi::Value Map::Unpin(const Napi::CallbackInfo& info) {
  auto [path] = Take<arg::String>(info, "BpfMap.unpin", {"path"});
  const std::string attempted = "unpin " + Title() + " from " + path;
  const uint32_t id = ReadMapInfo(info.Env(), OpenFd(info.Env(), attempted), attempted).id;
  // Whatever else lies there stays there.
  const FileDescriptor pinned(bpf_obj_get(path.c_str()));
  if (!pinned) throw BpfFailure(info.Env(), attempted, errno);
  if (ReadMapInfo(info.Env(), pinned.Get(), attempted).id != id) {
    throw BpfFailure(info.Env(), attempted, EINVAL, {{LIBBPF_WARN, "another map is pinned there"}});
  }
  if (unlink(path.c_str()) != 0) throw BpfFailure(info.Env(), attempted, errno);
  return info.Env().Undefined();
}

Napi::Value Map::Freeze(const Napi::CallbackInfo& info) {
  const std::string attempted = "freeze " + Title();
  const int fd = OpenFd(info.Env(), attempted);
  if (const int error = bpf_map_freeze(fd); error != 0) throw BpfFailure(info.Env(), attempted, error);
  return info.Env().Undefined();
}

Napi::Value Map::Close(const Napi::CallbackInfo& info) {
  // A map of an object keeps its descriptor until the object goes: its programs are loaded with it.
  closed_ = true;
  fd_.Close();
  if (!view_.IsEmpty()) {
    Napi::ArrayBuffer view = view_.Value();
    if (!view.IsEmpty() && !view.IsDetached()) view.Detach();
    view_.Reset();
  }
  return info.Env().Undefined();
}

}  // namespace traceprobe
