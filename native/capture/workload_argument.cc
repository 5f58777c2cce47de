#include "capture/workload_argument.h"

#include <string>
#include <utility>

#include "capture/property.h"

namespace traceprobe {

namespace {

Napi::Array ArrayOf(const Napi::Value& value, const std::string& where) {
  if (!value.IsArray()) throw ArgumentFailure(value.Env(), where + " must be an array, not " + Describe(value));
  return value.As<Napi::Array>();
}

std::shared_ptr<const Workload> TakeWorkload(const Napi::Value& value, const std::string& where) {
  if (!value.IsObject()) throw ArgumentFailure(value.Env(), where + " must be an object, not " + Describe(value));
  const auto object = value.As<Napi::Object>();
  auto workload = std::make_shared<Workload>();
  workload->cgroup = Property<arg::Uint64>(object, "cgroup", where);
  workload->namespace_name = Property<arg::String>(object, "namespace", where);
  workload->pod = Property<arg::String>(object, "pod", where);
  workload->pod_uid = Property<arg::String>(object, "podUid", where);
  workload->container = Property<arg::String>(object, "container", where);
  const Napi::Array gates = ArrayOf(object.Get("gates"), where + ".gates");
  for (uint32_t i = 0; i < gates.Length(); ++i) {
    const auto gate = arg::Uint32::From(gates.Get(i));
    if (!gate || *gate >= TP_MAX_PROBES) {
      throw ArgumentFailure(value.Env(), where + ".gates[" + std::to_string(i) + "] must be below " +
                                             std::to_string(TP_MAX_PROBES));
    }
    workload->probes[*gate / 64] |= 1ull << (*gate % 64);
  }
  return workload;
}

}  // namespace

WorkloadChange TakeWorkloads(const Napi::CallbackInfo& info, const char* method) {
  const std::string where = std::string(method) + ": ";
  WorkloadChange change;
  const Napi::Array set = ArrayOf(info[0], where + "set");
  for (uint32_t i = 0; i < set.Length(); ++i) {
    change.set.push_back(TakeWorkload(set.Get(i), where + "set[" + std::to_string(i) + "]"));
  }
  const Napi::Array removed = ArrayOf(info[1], where + "removed");
  for (uint32_t i = 0; i < removed.Length(); ++i) {
    const auto cgroup = arg::Uint64::From(removed.Get(i));
    if (!cgroup) throw ArgumentFailure(info.Env(), where + "removed must be cgroup ids");
    change.removed.push_back(*cgroup);
  }
  return change;
}

}  // namespace traceprobe
