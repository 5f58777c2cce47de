// A decoded record as the filter sees it.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "capture/record_decoder.h"
#include "capture/workloads.h"
#include "common/filter.h"

namespace traceprobe {

class FilterRow {
 public:
  /** Whose the event is, besides what the record says. */
  struct Owner {
    /** Null: outside of all pods, or not known. */
    const Workload* workload = nullptr;
    /** Nobody could say whose it is. */
    bool unattributed = false;
  };

  FilterRow(RecordDecoder& record, std::string_view node, Owner owner)
      : record_(record), node_(node), owner_(owner) {}

  FilterValue Column(uint32_t index) const {
    const ColumnType type = record_.Schema().columns[index].type;
    if (CellKindOf(type) == CellKind::kDictionary) {
      const auto text = record_.String(index);
      return text ? FilterValue::Text(*text) : FilterValue::Fault();
    }
    const auto number = record_.Number(index);
    if (!number) return FilterValue::Fault();
    switch (type) {
      case ColumnType::kFloat64:
        return FilterValue::Double(std::bit_cast<double>(*number));
      case ColumnType::kBool:
        return FilterValue::Bool(*number != 0);
      case ColumnType::kUint64:
        return FilterValue::Unsigned(*number);
      default:
        return FilterValue::Signed(static_cast<int64_t>(*number));
    }
  }

  FilterValue Builtin(FilterBuiltin builtin) const {
    const tp_record& header = record_.Header();
    switch (builtin) {
      case FilterBuiltin::kPid:
        return FilterValue::Unsigned(header.pid);
      case FilterBuiltin::kTid:
        return FilterValue::Unsigned(header.tid);
      case FilterBuiltin::kPpid:
        return FilterValue::Unsigned(header.ppid);
      case FilterBuiltin::kUid:
        return FilterValue::Unsigned(header.uid);
      case FilterBuiltin::kGid:
        return FilterValue::Unsigned(header.gid);
      case FilterBuiltin::kComm:
        return FilterValue::Text(record_.Comm());
      case FilterBuiltin::kContext:
        return FilterValue::Text(ContextName(header.context));
      case FilterBuiltin::kNode:
        return FilterValue::Text(node_);
      default:
        // In an interrupt the current task, and with it the pod, has nothing to do with the event.
        if (header.context != TP_CONTEXT_TASK || owner_.unattributed) return FilterValue::Fault();
        // Outside of all pods, as everything on a host without a cluster.
        if (owner_.workload == nullptr) return FilterValue::Text("");
        if (builtin == FilterBuiltin::kNamespace) return FilterValue::Text(owner_.workload->namespace_name);
        if (builtin == FilterBuiltin::kPod) return FilterValue::Text(owner_.workload->pod);
        return FilterValue::Text(owner_.workload->container);
    }
  }

 private:
  /** As CONTEXTS of src/probe/contexts.ts. */
  static std::string_view ContextName(uint16_t context) {
    switch (context) {
      case TP_CONTEXT_TASK:
        return "task";
      case TP_CONTEXT_SOFTIRQ:
        return "softirq";
      case TP_CONTEXT_HARDIRQ:
        return "hardirq";
      default:
        return "interrupt";
    }
  }

  RecordDecoder& record_;
  std::string_view node_;
  Owner owner_;
};

}  // namespace traceprobe
