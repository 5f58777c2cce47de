#include "common/layout.h"

#include <linux/types.h>

#include <cstddef>

#include "traceprobe.h"

namespace traceprobe {
namespace {

void AddField(Napi::Object fields, const char* name, size_t offset, size_t size) {
  auto place = Napi::Array::New(fields.Env(), 2);
  place.Set(0u, static_cast<double>(offset));
  place.Set(1u, static_cast<double>(size));
  fields.Set(name, place);
}

Napi::Object AddStruct(Napi::Object structs, const char* name, size_t size) {
  auto layout = Napi::Object::New(structs.Env());
  auto fields = Napi::Object::New(structs.Env());
  layout.Set("size", static_cast<double>(size));
  layout.Set("fields", fields);
  structs.Set(name, layout);
  return fields;
}

#define STRUCT(type) auto type##_fields = AddStruct(structs, #type, sizeof(struct type))
#define FIELD(type, name) \
  AddField(type##_fields, #name, offsetof(struct type, name), sizeof(static_cast<struct type*>(nullptr)->name))
#define CONSTANT(name) constants.Set(#name, static_cast<double>(name))

Napi::Object Structs(Napi::Env env) {
  auto structs = Napi::Object::New(env);

  STRUCT(tp_value);
  FIELD(tp_value, source);
  FIELD(tp_value, index);
  FIELD(tp_value, steps);
  FIELD(tp_value, user_from);
  FIELD(tp_value, size);
  FIELD(tp_value, shift);
  FIELD(tp_value, bits);
  FIELD(tp_value, is_signed);
  FIELD(tp_value, offset);
  FIELD(tp_value, step);
  FIELD(tp_value, swapped);
  FIELD(tp_value, pad);

  STRUCT(tp_field);
  FIELD(tp_field, value);
  FIELD(tp_field, kind);
  FIELD(tp_field, flags);
  FIELD(tp_field, length_field);
  FIELD(tp_field, pad);
  FIELD(tp_field, max_bytes);

  STRUCT(tp_predicate);
  FIELD(tp_predicate, op);
  FIELD(tp_predicate, field);
  FIELD(tp_predicate, on_true);
  FIELD(tp_predicate, on_false);
  FIELD(tp_predicate, length);
  FIELD(tp_predicate, immediate);
  FIELD(tp_predicate, string);

  STRUCT(tp_config);
  FIELD(tp_config, slot);
  FIELD(tp_config, schema);
  FIELD(tp_config, gate);
  FIELD(tp_config, flags);
  FIELD(tp_config, field_count);
  FIELD(tp_config, predicate_count);
  FIELD(tp_config, argument_count);
  FIELD(tp_config, preempt_base);
  FIELD(tp_config, pad);
  FIELD(tp_config, rate);
  FIELD(tp_config, share);
  FIELD(tp_config, preempt_offset);
  FIELD(tp_config, pad2);
  FIELD(tp_config, predicates);
  FIELD(tp_config, fields);

  STRUCT(tp_record);
  FIELD(tp_record, slot);
  FIELD(tp_record, schema);
  FIELD(tp_record, faults);
  FIELD(tp_record, time);
  FIELD(tp_record, pid);
  FIELD(tp_record, tid);
  FIELD(tp_record, ppid);
  FIELD(tp_record, uid);
  FIELD(tp_record, gid);
  FIELD(tp_record, context);
  FIELD(tp_record, truncated_fields);
  FIELD(tp_record, cgroup);
  FIELD(tp_record, comm);

  STRUCT(tp_counters);
  FIELD(tp_counters, value);

  STRUCT(tp_gate);
  FIELD(tp_gate, in_flight);
  FIELD(tp_gate, tokens);
  FIELD(tp_gate, refilled_at);
  FIELD(tp_gate, pad);

  STRUCT(tp_workload);
  FIELD(tp_workload, probes);

  STRUCT(tp_frame);
  FIELD(tp_frame, id);
  FIELD(tp_frame, time);
  FIELD(tp_frame, args);

  STRUCT(tp_frames);
  FIELD(tp_frames, depth);
  FIELD(tp_frames, pad);
  FIELD(tp_frames, frame);

  return structs;
}

Napi::Object Constants(Napi::Env env) {
  auto constants = Napi::Object::New(env);

  CONSTANT(TP_MAX_FIELDS);
  CONSTANT(TP_MAX_STEPS);
  CONSTANT(TP_MAX_ARGS);
  CONSTANT(TP_MAX_PREDICATES);
  CONSTANT(TP_PREDICATE_BYTES);
  CONSTANT(TP_COMM_BYTES);
  CONSTANT(TP_MAX_SLOTS);
  CONSTANT(TP_MAX_PROBES);
  CONSTANT(TP_MAX_VALUE_BYTES);
  CONSTANT(TP_MAX_ARGV);
  CONSTANT(TP_MAX_PATH_PARTS);
  CONSTANT(TP_SCRATCH_SLOTS);
  CONSTANT(TP_SMALL_VARIABLE);
  CONSTANT(TP_LARGE_VARIABLE);
  CONSTANT(TP_FIELD_EARLY);
  CONSTANT(TP_FIELD_USER);
  CONSTANT(TP_NO_FIELD);
  CONSTANT(TP_ACCEPT);
  CONSTANT(TP_REJECT);
  CONSTANT(TP_CONFIG_SCOPED);
  CONSTANT(TP_CONFIG_INTERRUPTS);
  CONSTANT(TP_CONFIG_LARGE);
  CONSTANT(TP_CONFIG_MEMORY_CGROUP);
  CONSTANT(TP_CONTEXT_TASK);
  CONSTANT(TP_CONTEXT_INTERRUPT);
  CONSTANT(TP_CONTEXT_SOFTIRQ);
  CONSTANT(TP_CONTEXT_HARDIRQ);
  CONSTANT(TP_PREEMPT_UNKNOWN);
  CONSTANT(TP_PREEMPT_RUNQUEUE);
  CONSTANT(TP_PREEMPT_TASK);
  CONSTANT(TP_MAX_FRAMES);

  CONSTANT(TP_SOURCE_NONE);
  CONSTANT(TP_SOURCE_ARGUMENT);
  CONSTANT(TP_SOURCE_CONTEXT);
  CONSTANT(TP_SOURCE_CONTEXT_ADDRESS);
  CONSTANT(TP_SOURCE_DATA_LOC);
  CONSTANT(TP_SOURCE_RETURN);
  CONSTANT(TP_SOURCE_DURATION);
  CONSTANT(TP_SOURCE_PID);
  CONSTANT(TP_SOURCE_TID);
  CONSTANT(TP_SOURCE_PPID);
  CONSTANT(TP_SOURCE_UID);
  CONSTANT(TP_SOURCE_GID);
  CONSTANT(TP_SOURCE_COMM);
  CONSTANT(TP_SOURCE_TASK);
  CONSTANT(TP_SOURCE_REL_LOC);

  CONSTANT(TP_KIND_NONE);
  CONSTANT(TP_KIND_INTEGER);
  CONSTANT(TP_KIND_STRING);
  CONSTANT(TP_KIND_BYTES);
  CONSTANT(TP_KIND_STRV);
  CONSTANT(TP_KIND_PATH);
  CONSTANT(TP_KIND_DENTRY);
  CONSTANT(TP_KIND_SOCKADDR);

  CONSTANT(TP_OP_EQUAL);
  CONSTANT(TP_OP_LESS_SIGNED);
  CONSTANT(TP_OP_LESS_UNSIGNED);
  CONSTANT(TP_OP_GREATER_SIGNED);
  CONSTANT(TP_OP_GREATER_UNSIGNED);
  CONSTANT(TP_OP_HAS_BITS);
  CONSTANT(TP_OP_STRING_EQUAL);
  CONSTANT(TP_OP_STRING_PREFIX);
  CONSTANT(TP_OP_TRUE);
  CONSTANT(TP_OP_NOT_EQUAL);
  CONSTANT(TP_OP_STRING_NOT_EQUAL);
  CONSTANT(TP_OP_LESS_EQUAL_SIGNED);
  CONSTANT(TP_OP_LESS_EQUAL_UNSIGNED);
  CONSTANT(TP_OP_GREATER_EQUAL_SIGNED);
  CONSTANT(TP_OP_GREATER_EQUAL_UNSIGNED);

  CONSTANT(TP_ATTEMPTED);
  CONSTANT(TP_FILTERED);
  CONSTANT(TP_CAPTURED);
  CONSTANT(TP_LOST_RING);
  CONSTANT(TP_LOST_SHARE);
  CONSTANT(TP_LOST_RATE);
  CONSTANT(TP_LOST_NESTING);
  CONSTANT(TP_LOST_UNPAIRED);
  CONSTANT(TP_OPENED);
  CONSTANT(TP_CLOSED);
  CONSTANT(TP_COUNTERS);

  return constants;
}

}  // namespace

void InitLayout(Napi::Env env, Napi::Object exports) {
  auto layout = Napi::Object::New(env);
  layout.Set("structs", Structs(env));
  layout.Set("constants", Constants(env));
  exports.Set("layout", layout);
}

}  // namespace traceprobe
