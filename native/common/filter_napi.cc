#include "common/filter_napi.h"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <utility>

namespace traceprobe {

namespace {

// Names of FilterNode in src/probe/plan.ts. Constants have one each for their type.
constexpr std::array<std::pair<std::string_view, FilterOp>, 25> kOps = {{
    {"column", FilterOp::kColumn},
    {"builtin", FilterOp::kBuiltin},
    {"eq", FilterOp::kEqual},
    {"ne", FilterOp::kNotEqual},
    {"lt", FilterOp::kLess},
    {"le", FilterOp::kLessEqual},
    {"gt", FilterOp::kGreater},
    {"ge", FilterOp::kGreaterEqual},
    {"add", FilterOp::kAdd},
    {"sub", FilterOp::kSubtract},
    {"mul", FilterOp::kMultiply},
    {"div", FilterOp::kDivide},
    {"mod", FilterOp::kModulo},
    {"and", FilterOp::kAnd},
    {"or", FilterOp::kOr},
    {"not", FilterOp::kNot},
    {"negate", FilterOp::kNegate},
    {"conditional", FilterOp::kConditional},
    {"contains", FilterOp::kContains},
    {"startsWith", FilterOp::kStartsWith},
    {"endsWith", FilterOp::kEndsWith},
    {"size", FilterOp::kSize},
    {"hasFlags", FilterOp::kHasFlags},
    {"toDouble", FilterOp::kToDouble},
    {"matches", FilterOp::kMatches},
}};

// In the order of FilterBuiltin.
constexpr std::array<std::string_view, 11> kBuiltins = {"pid",  "tid",       "ppid", "uid",      "gid", "comm", "context",
                                                        "node", "namespace", "pod",  "container"};

[[noreturn]] void Refuse(Napi::Env env, uint32_t index, const std::string& why) {
  throw Napi::TypeError::New(env, "filter: node " + std::to_string(index) + ": " + why);
}

/** A bigint from -2^63 to 2^64-1. */
std::optional<FilterValue> IntegerOf(const Napi::Value& value) {
  if (!value.IsBigInt()) return std::nullopt;
  int sign = 0;
  size_t count = 1;
  uint64_t word = 0;
  value.As<Napi::BigInt>().ToWords(&sign, &count, &word);
  if (count == 0) return FilterValue::Signed(0);
  if (count > 1) return std::nullopt;
  if (sign == 0) return FilterValue::Unsigned(word);
  if (word > uint64_t{1} << 63) return std::nullopt;
  return FilterValue::Signed(static_cast<int64_t>(-word));
}

std::optional<std::string> BytesOf(const Napi::Value& value) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) return std::nullopt;
  const auto bytes = value.As<Napi::Uint8Array>();
  return std::string(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
}

FilterNode ConstantNode(FilterValue value, std::string text = {}) {
  FilterNode node;
  node.op = FilterOp::kConstant;
  node.constant = value;
  node.text = std::move(text);
  return node;
}

FilterNode InNode(const Napi::Object& object, uint32_t index) {
  const Napi::Value values = object.Get("values");
  if (!values.IsArray()) Refuse(object.Env(), index, "values must be an array");
  FilterNode node;
  node.op = FilterOp::kIn;
  const auto list = values.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value value = list.Get(i);
    if (const auto integer = IntegerOf(value)) {
      node.integers.push_back(*integer);
    } else if (auto text = BytesOf(value)) {
      node.texts.push_back(*std::move(text));
    } else {
      Refuse(object.Env(), index, "values must be 64-bit bigints or Uint8Arrays");
    }
  }
  return node;
}

std::optional<FilterNode> ConstantNodeOf(const Napi::Object& object, const std::string& op, uint32_t index) {
  const Napi::Value value = object.Get("value");
  if (op == "integer") {
    const auto integer = IntegerOf(value);
    if (!integer) Refuse(object.Env(), index, "value must be a bigint from -2^63 to 2^64-1");
    return ConstantNode(*integer);
  }
  if (op == "double") {
    if (!value.IsNumber()) Refuse(object.Env(), index, "value must be a number");
    return ConstantNode(FilterValue::Double(value.As<Napi::Number>().DoubleValue()));
  }
  if (op == "bool") {
    if (!value.IsBoolean()) Refuse(object.Env(), index, "value must be a boolean");
    return ConstantNode(FilterValue::Bool(value.As<Napi::Boolean>().Value()));
  }
  if (op == "string") {
    auto text = BytesOf(value);
    if (!text) Refuse(object.Env(), index, "value must be a Uint8Array");
    return ConstantNode(FilterValue::Text({}), *std::move(text));
  }
  return std::nullopt;
}

FilterNode NodeOf(const Napi::Value& value, uint32_t index) {
  const Napi::Env env = value.Env();
  if (!value.IsObject()) Refuse(env, index, "must be an object");
  const auto object = value.As<Napi::Object>();
  const Napi::Value op_value = object.Get("op");
  if (!op_value.IsString()) Refuse(env, index, "op must be a string");
  const std::string op = op_value.As<Napi::String>().Utf8Value();
  if (op == "in") return InNode(object, index);
  if (auto constant = ConstantNodeOf(object, op, index)) return *std::move(constant);
  const auto* known = std::find_if(kOps.begin(), kOps.end(), [&](const auto& each) { return each.first == op; });
  if (known == kOps.end()) Refuse(env, index, "there is no op '" + op + "'");
  FilterNode node;
  node.op = known->second;
  if (node.op == FilterOp::kColumn) {
    const Napi::Value column = object.Get("index");
    // A record has at most TP_MAX_FIELDS columns; whoever builds a row checks against its own.
    if (!column.IsNumber() || column.As<Napi::Number>().DoubleValue() < 0 ||
        column.As<Napi::Number>().DoubleValue() > 255) {
      Refuse(env, index, "index must be that of a column");
    }
    node.index = column.As<Napi::Number>().Uint32Value();
  } else if (node.op == FilterOp::kBuiltin) {
    const std::string name = object.Get("name").ToString().Utf8Value();
    const auto* builtin = std::find(kBuiltins.begin(), kBuiltins.end(), name);
    if (builtin == kBuiltins.end()) Refuse(env, index, "there is no builtin '" + name + "'");
    node.index = static_cast<uint32_t>(builtin - kBuiltins.begin());
  } else if (node.op == FilterOp::kMatches) {
    const Napi::Value pattern = object.Get("pattern");
    if (!pattern.IsString()) Refuse(env, index, "pattern must be a string");
    node.text = pattern.As<Napi::String>().Utf8Value();
  }
  return node;
}

}  // namespace

Filter FilterFromNodes(const Napi::Value& nodes) {
  const Napi::Env env = nodes.Env();
  if (!nodes.IsArray()) throw Napi::TypeError::New(env, "filter: must be an array of nodes");
  const auto list = nodes.As<Napi::Array>();
  std::vector<FilterNode> taken;
  for (uint32_t i = 0; i < list.Length(); ++i) taken.push_back(NodeOf(list.Get(i), i));
  try {
    return Filter(taken);
  } catch (const std::invalid_argument& refusal) {
    throw Napi::TypeError::New(env, std::string("filter: ") + refusal.what());
  }
}

}  // namespace traceprobe
