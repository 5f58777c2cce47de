#include "codec/filter_binding.h"

#include <optional>
#include <string>
#include <vector>

#include "common/filter_napi.h"

namespace traceprobe {

namespace {

/**
 * A column's value: undefined (a fault), boolean, number, Uint8Array or bigint. A bigint that is signed as well as
 * unsigned is taken as signed in even columns and as unsigned in odd ones, so that tests see both.
 */
FilterValue ValueOf(const Napi::Value& value, uint32_t column) {
  if (value.IsBoolean()) return FilterValue::Bool(value.As<Napi::Boolean>().Value());
  if (value.IsNumber()) return FilterValue::Double(value.As<Napi::Number>().DoubleValue());
  if (value.IsTypedArray()) {
    const auto bytes = value.As<Napi::Uint8Array>();
    return FilterValue::Text({reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength()});
  }
  if (!value.IsBigInt()) return FilterValue::Fault();
  bool lossless = false;
  const int64_t integer = value.As<Napi::BigInt>().Int64Value(&lossless);
  if (lossless && (integer < 0 || column % 2 == 0)) return FilterValue::Signed(integer);
  return FilterValue::Unsigned(value.As<Napi::BigInt>().Uint64Value(&lossless));
}

/** A row of values; builtins are the columns at the end, in the order of FilterBuiltin. */
class TestRow {
 public:
  TestRow(std::vector<FilterValue> values, uint32_t columns) : values_(std::move(values)), columns_(columns) {}

  FilterValue Column(uint32_t index) const { return values_[index]; }
  FilterValue Builtin(FilterBuiltin builtin) const { return values_[columns_ + static_cast<uint32_t>(builtin)]; }

 private:
  std::vector<FilterValue> values_;
  uint32_t columns_;
};

constexpr uint32_t kBuiltinCount = 11;

/** evaluateFilter(nodes, rows): boolean[], each row an array of its columns and then of the builtins. */
Napi::Value EvaluateFilter(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Filter filter = FilterFromNodes(info[0]);
  if (!info[1].IsArray()) throw Napi::TypeError::New(env, "evaluateFilter: rows must be an array");
  const auto rows = info[1].As<Napi::Array>();
  auto results = Napi::Array::New(env, rows.Length());
  for (uint32_t i = 0; i < rows.Length(); ++i) {
    const auto cells = static_cast<Napi::Value>(rows.Get(i)).As<Napi::Array>();
    if (cells.Length() < filter.ColumnCount() + kBuiltinCount) {
      throw Napi::RangeError::New(env, "evaluateFilter: row " + std::to_string(i) + " is too short for the filter");
    }
    std::vector<FilterValue> values;
    for (uint32_t k = 0; k < cells.Length(); ++k) values.push_back(ValueOf(cells.Get(k), k));
    results.Set(i, Napi::Boolean::New(env, filter.Matches(TestRow(std::move(values), cells.Length() - kBuiltinCount))));
  }
  return results;
}

}  // namespace

void InitFilter(Napi::Env env, Napi::Object exports) {
  exports.Set("evaluateFilter", Napi::Function::New(env, EvaluateFilter, "evaluateFilter"));
}

}  // namespace traceprobe
