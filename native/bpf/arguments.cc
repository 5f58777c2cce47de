#include "bpf/arguments.h"

namespace traceprobe {
namespace {

constexpr size_t kLongestShown = 64;  // characters

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char character : text) {
    if (out.size() > kLongestShown) return out + "…\"";
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      out += '\\';
      out += character;
    } else if (byte < 0x20 || byte == 0x7f) {  // a message may end on a terminal
      char escaped[5];
      snprintf(escaped, sizeof(escaped), "\\x%02x", byte);
      out += escaped;
    } else {
      out += character;
    }
  }
  return out + '"';
}

}  // namespace

std::string Describe(const Napi::Value& value) {
  if (value.IsString()) return Quoted(value.As<Napi::String>().Utf8Value());
  if (value.IsBigInt()) return value.ToString().Utf8Value() + "n";
  if (value.IsSymbol()) return "a symbol";
  if (value.IsFunction()) return "a function";
  if (const auto bytes = BytesOf(value)) return std::to_string(bytes->size()) + " bytes";
  if (value.IsArray()) return "an array of " + std::to_string(value.As<Napi::Array>().Length());
  if (value.IsObject() || value.IsExternal()) return "an object";
  return value.ToString().Utf8Value();  // undefined, null, booleans, numbers
}

std::optional<std::span<uint8_t>> BytesOf(const Napi::Value& value) {
  if (value.IsTypedArray()) {
    const auto array = value.As<Napi::TypedArray>();
    auto* data = static_cast<uint8_t*>(array.ArrayBuffer().Data());
    return std::span<uint8_t>(data == nullptr ? data : data + array.ByteOffset(), array.ByteLength());
  }
  if (value.IsDataView()) {
    const auto view = value.As<Napi::DataView>();
    auto* data = static_cast<uint8_t*>(view.ArrayBuffer().Data());
    return std::span<uint8_t>(data == nullptr ? data : data + view.ByteOffset(), view.ByteLength());
  }
  if (value.IsArrayBuffer()) {
    auto buffer = value.As<Napi::ArrayBuffer>();
    return std::span<uint8_t>(static_cast<uint8_t*>(buffer.Data()), buffer.ByteLength());
  }
  return std::nullopt;
}

}  // namespace traceprobe
