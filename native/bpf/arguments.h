// The declarative validator in front of every native method:
//
//   auto [key, value, flags] =
//       Take<arg::Bytes, arg::Bytes, arg::Default<arg::Uint32, 0>>(info, "BpfMap.update", {"key", "value", "flags"});
//
// A refusal is a TypeError that names the method, the argument and the value:
//   BpfMap.update: key must be bytes (Buffer, Uint8Array or another view), not "seven"
#pragma once

#include <napi.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>

#include "bpf/errors.h"

namespace traceprobe {

/** A value as an error message shows it: short, on one line, never more than a type and a size for bytes. */
std::string Describe(const Napi::Value& value);

/** The bytes of a view or ArrayBuffer, valid until JavaScript runs again; nothing for another value. */
std::optional<std::span<uint8_t>> BytesOf(const Napi::Value& value);

namespace arg {

/** Each kind: the C++ type, what a reader of the error is told, and a conversion that is empty when it refuses. */
struct String {
  using Type = std::string;
  static std::string Expected() { return "a string without NUL"; }
  static std::optional<Type> From(const Napi::Value& value) {
    if (!value.IsString()) return std::nullopt;
    auto text = value.As<Napi::String>().Utf8Value();
    if (text.find('\0') != std::string::npos) return std::nullopt;
    return text;
  }
};

struct Boolean {
  using Type = bool;
  static std::string Expected() { return "a boolean"; }
  static std::optional<Type> From(const Napi::Value& value) {
    if (!value.IsBoolean()) return std::nullopt;
    return value.As<Napi::Boolean>().Value();
  }
};

template <typename T>
struct Integer {
  using Type = T;
  static std::string Expected() {
    return "an integer from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
           std::to_string(std::numeric_limits<T>::max());
  }
  static std::optional<Type> From(const Napi::Value& value) {
    if (!value.IsNumber()) return std::nullopt;
    const double number = value.As<Napi::Number>().DoubleValue();
    if (!(number >= static_cast<double>(std::numeric_limits<T>::min()) &&
          number <= static_cast<double>(std::numeric_limits<T>::max())) ||
        number != std::floor(number)) {
      return std::nullopt;
    }
    return static_cast<T>(number);
  }
};
using Uint32 = Integer<uint32_t>;
using Int32 = Integer<int32_t>;

/** 64 bits: a bigint, or a number that is exact. */
struct Uint64 {
  using Type = uint64_t;
  static std::string Expected() { return "a bigint from 0 to 2^64-1 or a safe integer"; }
  static std::optional<Type> From(const Napi::Value& value) {
    if (value.IsBigInt()) {
      bool lossless = false;
      const uint64_t number = value.As<Napi::BigInt>().Uint64Value(&lossless);
      return lossless ? std::optional(number) : std::nullopt;
    }
    constexpr double kMaxSafe = 9007199254740991.0;
    if (!value.IsNumber()) return std::nullopt;
    const double number = value.As<Napi::Number>().DoubleValue();
    if (!(number >= 0 && number <= kMaxSafe) || number != std::floor(number)) return std::nullopt;
    return static_cast<uint64_t>(number);
  }
};

struct Bytes {
  using Type = std::span<uint8_t>;
  static std::string Expected() { return "bytes (a Buffer, another view or an ArrayBuffer)"; }
  static std::optional<Type> From(const Napi::Value& value) { return BytesOf(value); }
};

struct Function {
  using Type = Napi::Function;
  static std::string Expected() { return "a function"; }
  static std::optional<Type> From(const Napi::Value& value) {
    if (!value.IsFunction()) return std::nullopt;
    return value.As<Napi::Function>();
  }
};

/** undefined is taken as absent. */
template <typename Kind>
struct Optional {
  using Type = std::optional<typename Kind::Type>;
  static std::string Expected() { return Kind::Expected() + " or undefined"; }
  static std::optional<Type> From(const Napi::Value& value) {
    if (value.IsUndefined()) return Type(std::nullopt);
    auto taken = Kind::From(value);
    if (!taken) return std::nullopt;
    return Type(std::move(*taken));
  }
};

/** undefined is taken as `Fallback`. */
template <typename Kind, auto Fallback>
struct Default {
  using Type = typename Kind::Type;
  static std::string Expected() { return Kind::Expected() + " or undefined"; }
  static std::optional<Type> From(const Napi::Value& value) {
    return value.IsUndefined() ? std::optional<Type>(Fallback) : Kind::From(value);
  }
};

}  // namespace arg

template <typename... Kinds>
std::tuple<typename Kinds::Type...> Take(const Napi::CallbackInfo& info, const char* method,
                                         const std::array<const char*, sizeof...(Kinds)>& names) {
  size_t index = 0;
  const auto one = [&]<typename Kind>(std::type_identity<Kind>) -> typename Kind::Type {
    const size_t at = index++;
    const Napi::Value value = info[at];
    auto taken = Kind::From(value);
    if (!taken) {
      throw ArgumentFailure(info.Env(), std::string(method) + ": " + names[at] + " must be " + Kind::Expected() +
                                            ", not " + Describe(value));
    }
    return std::move(*taken);
  };
  // Braces, because they evaluate from left to right.
  return std::tuple<typename Kinds::Type...>{one(std::type_identity<Kinds>{})...};
}

}  // namespace traceprobe
