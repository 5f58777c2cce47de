#include "capture/schema_argument.h"

#include <string>
#include <utility>

#include "capture/property.h"
#include "common/filter_napi.h"

namespace traceprobe {

namespace {

bool Fits(ColumnType type, tp_kind kind) {
  if (CellKindOf(type) != CellKind::kDictionary) return kind == TP_KIND_INTEGER;
  return type == ColumnType::kIp || kind != TP_KIND_INTEGER;
}

RecordColumn TakeColumn(const Napi::Value& value, const std::string& where) {
  if (!value.IsObject()) throw ArgumentFailure(value.Env(), where + " must be an object, not " + Describe(value));
  const auto object = value.As<Napi::Object>();
  const auto type_name = Property<arg::String>(object, "type", where);
  const auto kind_name = Property<arg::String>(object, "kind", where);
  const auto type = ColumnTypeNamed(type_name);
  const auto kind = RecordedKindNamed(kind_name);
  if (!type) throw ArgumentFailure(value.Env(), where + ".type: there is no column type '" + type_name + "'");
  if (!kind) throw ArgumentFailure(value.Env(), where + ".kind: nothing is recorded as '" + kind_name + "'");
  if (!Fits(*type, *kind)) {
    throw ArgumentFailure(value.Env(), where + ": a column of type " + type_name + " cannot be recorded as '" +
                                           kind_name + "'");
  }
  return {*type, *kind, SmallProperty<uint8_t>(object, "wordIndex", TP_MAX_FIELDS, where),
          SmallProperty<uint8_t>(object, "faultBit", TP_MAX_FIELDS, where),
          Property<arg::Boolean>(object, "visible", where)};
}

}  // namespace

SchemaArgument TakeSchema(const Napi::Value& value, const char* method) {
  const std::string where = std::string(method) + ": schema";
  if (!value.IsObject()) throw ArgumentFailure(value.Env(), where + " must be an object, not " + Describe(value));
  const auto object = value.As<Napi::Object>();
  RecordSchema schema;
  schema.slot = SmallProperty<uint16_t>(object, "slot", TP_MAX_SLOTS, where);
  schema.schema = SmallProperty<uint16_t>(object, "schema", 1 << 16, where);
  schema.gate = SmallProperty<uint16_t>(object, "gate", TP_MAX_PROBES, where);
  schema.probe_uid = Property<arg::String>(object, "probeUid", where);
  schema.generation = Property<arg::Uint64>(object, "generation", where);
  schema.point = Property<arg::Uint32>(object, "point", where);
  schema.scoped = Property<arg::Optional<arg::Boolean>>(object, "scoped", where).value_or(false);
  schema.host = Property<arg::Optional<arg::Boolean>>(object, "host", where).value_or(true);
  const Napi::Value columns = object.Get("columns");
  if (!columns.IsArray()) throw ArgumentFailure(value.Env(), where + ".columns must be an array, not " + Describe(columns));
  const auto list = columns.As<Napi::Array>();
  if (list.Length() > TP_MAX_FIELDS) {
    throw ArgumentFailure(value.Env(), where + ".columns has " + std::to_string(list.Length()) +
                                           " elements, a record has at most " + std::to_string(TP_MAX_FIELDS));
  }
  for (uint32_t i = 0; i < list.Length(); ++i) {
    schema.columns.push_back(TakeColumn(list.Get(i), where + ".columns[" + std::to_string(i) + "]"));
  }
  schema.Finish();
  Filter filter = FilterFromNodes(object.Get("filter"));
  if (filter.ColumnCount() > schema.columns.size()) {
    throw ArgumentFailure(value.Env(), where + ".filter asks for column " + std::to_string(filter.ColumnCount() - 1) +
                                           " of " + std::to_string(schema.columns.size()));
  }
  return {std::move(schema), std::move(filter)};
}

}  // namespace traceprobe
