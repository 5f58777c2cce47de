#include "codec/batch_object.h"

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "common/batch_decoder.h"
#include "common/batch_format.h"
#include "common/column_type.h"

namespace traceprobe {

namespace format = batch_format;

namespace {

/** What a column's values are in JavaScript. */
enum class Shape { kInt64, kUint64, kFloat64, kUint32, kUint16, kUint8, kStrings };

Shape ShapeOf(ColumnType type) {
  switch (type) {
    case ColumnType::kInt64:
    case ColumnType::kDuration:
      return Shape::kInt64;
    case ColumnType::kUint64:
      return Shape::kUint64;
    case ColumnType::kFloat64:
      return Shape::kFloat64;
    case ColumnType::kBool:
      return Shape::kUint8;
    default:
      return Shape::kStrings;
  }
}

/** Of a column that every event has; false for a number that this version does not know. */
bool BuiltinShape(uint32_t field, Shape& shape) {
  switch (field) {
    case format::kTime:
      shape = Shape::kInt64;
      return true;
    case format::kPid:
    case format::kTid:
    case format::kPpid:
    case format::kUid:
    case format::kGid:
    case format::kWorkload:
      shape = Shape::kUint32;
      return true;
    case format::kContext:
    case format::kTruncated:
      shape = Shape::kUint16;
      return true;
    case format::kCgroup:
      shape = Shape::kUint64;
      return true;
    case format::kComm:
      shape = Shape::kStrings;
      return true;
    default:
      return false;
  }
}

Napi::Value Text(Napi::Env env, std::string_view text) { return Napi::String::New(env, text.data(), text.size()); }

Napi::Value BigNumber(Napi::Env env, uint64_t value) { return Napi::BigInt::New(env, value); }

std::span<const uint8_t> TakeBytes(const Napi::CallbackInfo& info, const char* method) {
  if (!info[0].IsBuffer()) {
    throw Napi::TypeError::New(info.Env(), std::string(method) + ": the batch must be a Buffer or Uint8Array");
  }
  const auto buffer = info[0].As<Napi::Buffer<uint8_t>>();
  return {buffer.Data(), buffer.Length()};
}

/** Widens (base + offset) of every row; T's arithmetic is modulo its size. */
template <typename T, typename From>
void Widen(const DecodedColumn& column, uint32_t rows, T* to) {
  const T base = static_cast<T>(column.base);
  for (uint32_t row = 0; row < rows; ++row) {
    From offset;
    std::memcpy(&offset, column.values.data() + static_cast<size_t>(row) * sizeof(From), sizeof(From));
    to[row] = static_cast<T>(base + offset);
  }
}

template <typename T>
void Widen(const DecodedColumn& column, uint32_t rows, T* to) {
  switch (column.width) {
    case 0:
      for (uint32_t row = 0; row < rows; ++row) to[row] = static_cast<T>(column.base);
      return;
    case 1:
      return Widen<T, uint8_t>(column, rows, to);
    case 2:
      return Widen<T, uint16_t>(column, rows, to);
    case 4:
      return Widen<T, uint32_t>(column, rows, to);
    default:
      return Widen<T, uint64_t>(column, rows, to);
  }
}

template <typename Array, typename T>
Napi::Value Numbers(Napi::Env env, const DecodedColumn& column, uint32_t rows) {
  auto buffer = Napi::ArrayBuffer::New(env, rows * sizeof(T));
  Widen<T>(column, rows, static_cast<T*>(buffer.Data()));
  return Array::New(env, rows, buffer, 0);
}

Napi::Value Floats(Napi::Env env, const DecodedColumn& column, uint32_t rows) {
  auto buffer = Napi::ArrayBuffer::New(env, rows * sizeof(uint64_t));
  Widen<uint64_t>(column, rows, static_cast<uint64_t*>(buffer.Data()));  // bits of doubles
  return Napi::Float64Array::New(env, rows, buffer, 0);
}

/** A copy, aligned and independent of the batch. */
template <typename Array>
Napi::Value Copy(Napi::Env env, std::span<const uint8_t> bytes, size_t element) {
  auto buffer = Napi::ArrayBuffer::New(env, bytes.size());
  if (!bytes.empty()) std::memcpy(buffer.Data(), bytes.data(), bytes.size());
  return Array::New(env, bytes.size() / element, buffer, 0);
}

Napi::Value Codes(Napi::Env env, const DecodedColumn& column, uint32_t rows) {
  switch (column.width) {
    case 0: {
      auto buffer = Napi::ArrayBuffer::New(env, rows);
      if (rows > 0) std::memset(buffer.Data(), 0, rows);
      return Napi::Uint8Array::New(env, rows, buffer, 0);
    }
    case 1:
      return Copy<Napi::Uint8Array>(env, column.values, 1);
    case 2:
      return Copy<Napi::Uint16Array>(env, column.values, 2);
    case 4:
      return Copy<Napi::Uint32Array>(env, column.values, 4);
    default:
      throw DecodeFailure("Column " + std::to_string(column.field) + ": codes of 8 bytes");
  }
}

Napi::Object ColumnObject(Napi::Env env, const DecodedColumn& column, Shape shape, uint32_t rows) {
  auto object = Napi::Object::New(env);
  object.Set("field", Napi::Number::New(env, column.field));
  if (!column.faults.empty()) object.Set("faults", Copy<Napi::Uint8Array>(env, column.faults, 1));
  switch (shape) {
    case Shape::kInt64:
      object.Set("values", Numbers<Napi::BigInt64Array, int64_t>(env, column, rows));
      return object;
    case Shape::kUint64:
      object.Set("values", Numbers<Napi::BigUint64Array, uint64_t>(env, column, rows));
      return object;
    case Shape::kFloat64:
      object.Set("values", Floats(env, column, rows));
      return object;
    case Shape::kUint32:
      object.Set("values", Numbers<Napi::Uint32Array, uint32_t>(env, column, rows));
      return object;
    case Shape::kUint16:
      object.Set("values", Numbers<Napi::Uint16Array, uint16_t>(env, column, rows));
      return object;
    case Shape::kUint8:
      object.Set("values", Numbers<Napi::Uint8Array, uint8_t>(env, column, rows));
      return object;
    case Shape::kStrings:
      break;
  }
  CheckCodes(column, rows);
  object.Set("codes", Codes(env, column, rows));
  object.Set("dictionary", Copy<Napi::Uint8Array>(env, column.dictionary, 1));
  object.Set("ends", Copy<Napi::Uint32Array>(env, column.ends, sizeof(uint32_t)));
  return object;
}

Napi::Object HeadObject(Napi::Env env, const DecodedBatch& batch) {
  auto object = Napi::Object::New(env);
  object.Set("probeUid", Text(env, batch.probe_uid));
  object.Set("generation", BigNumber(env, batch.generation));
  object.Set("epoch", Napi::Buffer<uint8_t>::Copy(env, batch.epoch.data(), batch.epoch.size()));
  object.Set("firstSequence", BigNumber(env, batch.first_sequence));
  object.Set("rows", Napi::Number::New(env, batch.rows));
  object.Set("schema", Napi::Number::New(env, batch.schema));
  object.Set("filtered", BigNumber(env, batch.filtered));
  auto loss = Napi::Object::New(env);
  loss.Set("spool", BigNumber(env, batch.loss.spool));
  loss.Set("gap", BigNumber(env, batch.loss.gap));
  loss.Set("backlog", BigNumber(env, batch.loss.backlog));
  loss.Set("malformed", BigNumber(env, batch.loss.malformed));
  object.Set("loss", loss);
  return object;
}

/** The result of `decode`, or an object { failure: why } that decodeBatch.ts throws as a DecodeError. */
template <typename Decode>
Napi::Value Catching(Napi::Env env, Decode&& decode) {
  try {
    return decode();
  } catch (const DecodeFailure& failure) {
    auto object = Napi::Object::New(env);
    object.Set("failure", Text(env, failure.what()));
    return object;
  }
}

Napi::Value DecodeHead(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto bytes = TakeBytes(info, "decodeHead");
  return Catching(env, [&]() -> Napi::Value { return HeadObject(env, DecodeBatchHead(bytes)); });
}

std::vector<Shape> TakeShapes(const Napi::CallbackInfo& info) {
  if (!info[1].IsArray()) throw Napi::TypeError::New(info.Env(), "decode: columnTypes must be an array of names");
  const auto names = info[1].As<Napi::Array>();
  std::vector<Shape> shapes;
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const Napi::Value value = names.Get(i);
    const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
    const auto type = ColumnTypeNamed(name);
    if (!type) throw Napi::TypeError::New(info.Env(), "decode: there is no column type '" + name + "'");
    shapes.push_back(ShapeOf(*type));
  }
  return shapes;
}

/** decode(bytes, columnTypes): types of the point's columns by their number; a column without a type is refused. */
Napi::Value Decode(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto bytes = TakeBytes(info, "decode");
  const std::vector<Shape> shapes = TakeShapes(info);
  return Catching(env, [&]() -> Napi::Value {
    const DecodedBatch batch = DecodeBatch(bytes);
    Napi::Object object = HeadObject(env, batch);
    auto workloads = Napi::Array::New(env, batch.workloads.size());
    for (uint32_t i = 0; i < batch.workloads.size(); ++i) {
      const DecodedWorkload& workload = batch.workloads[i];
      auto item = Napi::Object::New(env);
      item.Set("cgroup", BigNumber(env, workload.cgroup));
      item.Set("namespace", Text(env, workload.namespace_name));
      item.Set("pod", Text(env, workload.pod));
      item.Set("podUid", Text(env, workload.pod_uid));
      item.Set("container", Text(env, workload.container));
      workloads.Set(i, item);
    }
    object.Set("workloads", workloads);
    auto columns = Napi::Array::New(env);
    uint32_t count = 0;
    for (const DecodedColumn& column : batch.columns) {
      Shape shape;
      if (column.field >= format::kFirstPointColumn) {
        const uint32_t index = column.field - format::kFirstPointColumn;
        if (index >= shapes.size()) {
          throw DecodeFailure("Column " + std::to_string(column.field) + " is not one of the point's " +
                              std::to_string(shapes.size()));
        }
        shape = shapes[index];
      } else if (!BuiltinShape(column.field, shape)) {
        continue;  // of a newer agent
      }
      columns.Set(count++, ColumnObject(env, column, shape, batch.rows));
    }
    object.Set("columns", columns);
    return object;
  });
}

}  // namespace

void InitBatchCodec(Napi::Env env, Napi::Object exports) {
  exports.Set("decodeHead", Napi::Function::New(env, DecodeHead, "decodeHead"));
  exports.Set("decode", Napi::Function::New(env, Decode, "decode"));
}

}  // namespace traceprobe
