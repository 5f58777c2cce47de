#include "bpf/btf_reader.h"

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "bpf/addon_data.h"
#include "bpf/arguments.h"

namespace traceprobe {
namespace {

// In the order of BTF_KIND_…, spelt as bpftool spells them in lower case.
constexpr std::array<const char*, 20> kKinds = {"void",  "int",      "ptr",   "array", "struct",  "union",    "enum",
                                                "fwd",   "typedef",  "volatile", "const", "restrict", "func", "func_proto",
                                                "var",   "datasec",  "float", "decl_tag", "type_tag", "enum64"};

std::string KindNames() {
  std::string names;
  for (size_t kind = 1; kind < kKinds.size(); kind++) {
    names += (kind == 1 ? "\"" : ", \"") + std::string(kKinds[kind]) + '"';
  }
  return names;
}

struct Kind {
  using Type = uint32_t;
  static std::string Expected() { return "one of " + KindNames(); }
  static std::optional<Type> From(const Napi::Value& value) {
    if (!value.IsString()) return std::nullopt;
    const auto name = value.As<Napi::String>().Utf8Value();
    for (uint32_t kind = 1; kind < kKinds.size(); kind++) {
      if (name == kKinds[kind]) return kind;
    }
    return std::nullopt;
  }
};

struct Source {
  std::shared_ptr<btf> types;
  std::shared_ptr<btf> base;
  std::string name;
};

/** Bits of a member that is no bit-field: those of its type; 0 for a flexible array or an incomplete type. */
double BitsOf(const btf* types, uint32_t id) {
  const auto bytes = btf__resolve_size(types, id);
  return bytes < 0 ? 0 : static_cast<double>(bytes) * 8;
}

Napi::Value Members(Napi::Env env, const btf* types, const btf_type* type) {
  auto list = Napi::Array::New(env, btf_vlen(type));
  for (uint32_t i = 0; i < btf_vlen(type); i++) {
    const auto& member = btf_members(type)[i];
    const auto bits = btf_member_bitfield_size(type, i);
    auto entry = Napi::Object::New(env);
    entry.Set("name", btf__name_by_offset(types, member.name_off));
    entry.Set("type", member.type);
    entry.Set("bitOffset", btf_member_bit_offset(type, i));
    entry.Set("bitSize", bits != 0 ? bits : BitsOf(types, member.type));
    entry.Set("bitField", bits != 0);
    list.Set(i, entry);
  }
  return list;
}

Napi::Value Params(Napi::Env env, const btf* types, const btf_type* type, uint32_t count) {
  auto list = Napi::Array::New(env, count);
  for (uint32_t i = 0; i < count; i++) {
    const auto& param = btf_params(type)[i];
    auto entry = Napi::Object::New(env);
    entry.Set("name", btf__name_by_offset(types, param.name_off));
    entry.Set("type", param.type);
    list.Set(i, entry);
  }
  return list;
}

Napi::Value EnumValue(Napi::Env env, const char* name, Napi::BigInt value) {
  auto entry = Napi::Object::New(env);
  entry.Set("name", name);
  entry.Set("value", value);
  return entry;
}

Napi::Value EnumValues(Napi::Env env, const btf* types, const btf_type* type) {
  const bool is_signed = btf_kflag(type);
  auto list = Napi::Array::New(env, btf_vlen(type));
  for (uint32_t i = 0; i < btf_vlen(type); i++) {
    if (btf_is_enum64(type)) {
      const auto& entry = btf_enum64(type)[i];
      const uint64_t value = btf_enum64_value(&entry);
      list.Set(i, EnumValue(env, btf__name_by_offset(types, entry.name_off),
                            is_signed ? Napi::BigInt::New(env, static_cast<int64_t>(value))
                                      : Napi::BigInt::New(env, value)));
    } else {
      const auto& entry = btf_enum(type)[i];
      // Before kind flags (6.0) every enum counted as signed; then only those with negative values do.
      list.Set(i, EnumValue(env, btf__name_by_offset(types, entry.name_off),
                            is_signed ? Napi::BigInt::New(env, static_cast<int64_t>(entry.val))
                                      : Napi::BigInt::New(env, static_cast<uint64_t>(static_cast<uint32_t>(entry.val)))));
    }
  }
  return list;
}

Napi::Value Variables(Napi::Env env, const btf_type* type) {
  auto list = Napi::Array::New(env, btf_vlen(type));
  for (uint32_t i = 0; i < btf_vlen(type); i++) {
    const auto& variable = btf_var_secinfos(type)[i];
    auto entry = Napi::Object::New(env);
    entry.Set("type", variable.type);
    entry.Set("offset", variable.offset);
    entry.Set("size", variable.size);
    list.Set(i, entry);
  }
  return list;
}

void Describe(Napi::Env env, Napi::Object out, const btf* types, const btf_type* type) {
  switch (btf_kind(type)) {
    case BTF_KIND_INT:
      out.Set("size", type->size);
      out.Set("bits", btf_int_bits(type));
      out.Set("signed", (btf_int_encoding(type) & BTF_INT_SIGNED) != 0);
      out.Set("bool", (btf_int_encoding(type) & BTF_INT_BOOL) != 0);
      out.Set("char", (btf_int_encoding(type) & BTF_INT_CHAR) != 0);
      return;
    case BTF_KIND_ARRAY:
      out.Set("elemType", btf_array(type)->type);
      out.Set("indexType", btf_array(type)->index_type);
      out.Set("length", btf_array(type)->nelems);
      return;
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      out.Set("size", type->size);
      out.Set("members", Members(env, types, type));
      return;
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
      out.Set("size", type->size);
      out.Set("signed", btf_kflag(type));
      out.Set("values", EnumValues(env, types, type));
      return;
    case BTF_KIND_FWD:
      out.Set("union", btf_kflag(type));
      return;
    case BTF_KIND_FUNC_PROTO: {
      // A last parameter of type 0 and without a name is "...".
      const uint32_t count = btf_vlen(type);
      const bool variadic = count > 0 && btf_params(type)[count - 1].type == 0;
      out.Set("returnType", type->type);
      out.Set("params", Params(env, types, type, variadic ? count - 1 : count));
      out.Set("variadic", variadic);
      return;
    }
    case BTF_KIND_FUNC:
      out.Set("type", type->type);
      out.Set("linkage", btf_vlen(type) == BTF_FUNC_STATIC   ? "static"  // a function keeps its linkage there
                         : btf_vlen(type) == BTF_FUNC_GLOBAL ? "global"
                                                             : "extern");
      return;
    case BTF_KIND_VAR:
      out.Set("type", type->type);
      return;
    case BTF_KIND_DATASEC:
      out.Set("size", type->size);
      out.Set("variables", Variables(env, type));
      return;
    case BTF_KIND_FLOAT:
      out.Set("size", type->size);
      return;
    case BTF_KIND_DECL_TAG:
      out.Set("type", type->type);
      out.Set("component", btf_decl_tag(type)->component_idx);
      return;
    default:  // ptr, typedef, const, volatile, restrict, type_tag
      if (btf_kind(type) != BTF_KIND_UNKN) out.Set("type", type->type);
  }
}

Napi::Error OpenFailure(Napi::Env env, const std::string& attempted, int error, const LogCapture& capture) {
  return BpfFailure(env, attempted, error, capture.Messages());
}

}  // namespace

Napi::Value BtfReader::Make(Napi::Env env, btf* types, const std::string& name, std::shared_ptr<btf> base) {
  Source source{std::shared_ptr<btf>(types, btf__free), std::move(base), name};
  return AddonData::Of(env).New(AddonData::Of(env).btf, source);
}

Napi::Function BtfReader::Define(Napi::Env env) {
  return DefineClass(env, "NativeBtf",
                     {
                         StaticMethod<&BtfReader::Vmlinux>("vmlinux"),
                         StaticMethod<&BtfReader::File>("file"),
                         InstanceMethod<&BtfReader::Module>("module"),
                         InstanceMethod<&BtfReader::Name>("name"),
                         InstanceMethod<&BtfReader::FirstId>("firstId"),
                         InstanceMethod<&BtfReader::TypeCount>("typeCount"),
                         InstanceMethod<&BtfReader::Type>("type"),
                         InstanceMethod<&BtfReader::Find>("find"),
                         InstanceMethod<&BtfReader::Resolve>("resolve"),
                         InstanceMethod<&BtfReader::SizeOf>("sizeOf"),
                         InstanceMethod<&BtfReader::Names>("names"),
                         InstanceMethod<&BtfReader::Close>("close"),
                     });
}

BtfReader::BtfReader(const Napi::CallbackInfo& info) : Napi::ObjectWrap<BtfReader>(info) {
  auto* source = AddonData::Of(info.Env()).TakeSource<Source>();
  if (source == nullptr) {
    throw ArgumentFailure(info.Env(), "Btf: use Btf.vmlinux(), Btf.module() or Btf.file()");
  }
  btf_ = source->types;
  base_ = source->base;
  name_ = source->name;
  // The garbage collector sees a small object; tell it of the megabytes behind.
  uint32_t bytes = 0;
  btf__raw_data(btf_.get(), &bytes);
  held_ = bytes;
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), held_);
}

BtfReader::~BtfReader() { Free(Env()); }

void BtfReader::Free(Napi::Env env) {
  btf_.reset();  // a module's BTF that is open keeps its base
  base_.reset();
  Napi::MemoryManagement::AdjustExternalMemory(env, -std::exchange(held_, 0));
}

Napi::Value BtfReader::Vmlinux(const Napi::CallbackInfo& info) {
  LogCapture capture;
  btf* types = btf__load_vmlinux_btf();
  const int error = errno;
  if (types == nullptr) throw OpenFailure(info.Env(), "read the kernel's BTF", error, capture);
  return Make(info.Env(), types, "vmlinux");
}

Napi::Value BtfReader::File(const Napi::CallbackInfo& info) {
  auto [path] = Take<arg::String>(info, "Btf.file", {"path"});
  LogCapture capture;
  btf* types = btf__parse(path.c_str(), nullptr);
  const int error = errno;
  if (types == nullptr) throw OpenFailure(info.Env(), "read the BTF of " + path, error, capture);
  return Make(info.Env(), types, path);
}

Napi::Value BtfReader::Module(const Napi::CallbackInfo& info) {
  auto [name] = Take<arg::String>(info, "Btf.module", {"name"});
  Get(info.Env());
  LogCapture capture;
  btf* types = btf__load_module_btf(name.c_str(), btf_.get());
  const int error = errno;
  if (types == nullptr) throw OpenFailure(info.Env(), "read the BTF of kernel module " + name, error, capture);
  return Make(info.Env(), types, name, btf_);
}

const btf* BtfReader::Get(Napi::Env env) const {
  if (btf_ == nullptr) throw ClosedFailure(env, "Btf '" + name_ + "'");
  return btf_.get();
}

const btf_type* BtfReader::TypeOf(Napi::Env env, const char* method, uint32_t id) const {
  const btf* types = Get(env);
  const btf_type* type = id < btf__type_cnt(types) ? btf__type_by_id(types, id) : nullptr;
  if (type == nullptr) {
    throw ArgumentFailure(env, std::string(method) + ": id must be less than " + std::to_string(btf__type_cnt(types)) +
                                   " (Btf '" + name_ + "'), not " + std::to_string(id));
  }
  return type;
}

Napi::Value BtfReader::Name(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), name_); }

Napi::Value BtfReader::FirstId(const Napi::CallbackInfo& info) {
  Get(info.Env());
  return Napi::Number::New(info.Env(), base_ == nullptr ? 1 : btf__type_cnt(base_.get()));
}

Napi::Value BtfReader::TypeCount(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), btf__type_cnt(Get(info.Env())));
}

Napi::Value BtfReader::Type(const Napi::CallbackInfo& info) {
  auto [id] = Take<arg::Uint32>(info, "Btf.type", {"id"});
  const Napi::Env env = info.Env();
  const btf_type* type = TypeOf(env, "Btf.type", id);
  auto out = Napi::Object::New(env);
  const auto kind = btf_kind(type);
  out.Set("id", id);
  out.Set("kind", kind < kKinds.size() ? kKinds[kind] : "unknown");
  out.Set("name", btf__name_by_offset(btf_.get(), type->name_off));
  Describe(env, out, btf_.get(), type);
  return out;
}

Napi::Value BtfReader::Find(const Napi::CallbackInfo& info) {
  auto [kind, name] = Take<Kind, arg::String>(info, "Btf.find", {"kind", "name"});
  const auto id = btf__find_by_name_kind(Get(info.Env()), name.c_str(), kind);
  return id > 0 ? Napi::Value(Napi::Number::New(info.Env(), id)) : info.Env().Undefined();
}

Napi::Value BtfReader::Resolve(const Napi::CallbackInfo& info) {
  auto [start] = Take<arg::Uint32>(info, "Btf.resolve", {"id"});
  uint32_t id = start;
  const btf_type* type = TypeOf(info.Env(), "Btf.resolve", id);
  constexpr int kMostSteps = 64;  // as libbpf; a cycle is possible only in broken BTF
  for (int step = 0; step < kMostSteps && (btf_is_mod(type) || btf_is_typedef(type) || btf_is_type_tag(type)); step++) {
    id = type->type;
    type = TypeOf(info.Env(), "Btf.resolve", id);
  }
  return Napi::Number::New(info.Env(), id);
}

Napi::Value BtfReader::SizeOf(const Napi::CallbackInfo& info) {
  auto [id] = Take<arg::Uint32>(info, "Btf.sizeOf", {"id"});
  TypeOf(info.Env(), "Btf.sizeOf", id);
  const auto bytes = btf__resolve_size(btf_.get(), id);
  return bytes < 0 ? info.Env().Undefined() : Napi::Value(Napi::Number::New(info.Env(), static_cast<double>(bytes)));
}

Napi::Value BtfReader::Names(const Napi::CallbackInfo& info) {
  auto [kind] = Take<Kind>(info, "Btf.names", {"kind"});
  const Napi::Env env = info.Env();
  const btf* types = Get(env);
  auto names = Napi::Array::New(env);
  uint32_t count = 0;
  for (uint32_t id = base_ == nullptr ? 1 : btf__type_cnt(base_.get()); id < btf__type_cnt(types); id++) {
    const btf_type* type = btf__type_by_id(types, id);
    if (btf_kind(type) != kind || type->name_off == 0) continue;
    const Napi::HandleScope scope(env);
    names.Set(count++, Napi::String::New(env, btf__name_by_offset(types, type->name_off)));
  }
  return names;
}

Napi::Value BtfReader::Close(const Napi::CallbackInfo& info) {
  Free(info.Env());
  return info.Env().Undefined();
}

}  // namespace traceprobe
