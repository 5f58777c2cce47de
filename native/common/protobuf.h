// The protobuf wire format, as much of it as batches need: a writer into memory whose size was computed before, and
// a reader that never looks past its end. https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace traceprobe {

enum class WireType : uint32_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

inline uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
inline int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

inline size_t VarintSize(uint64_t value) {
  size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
}

/** Bytes of a field with a tag below 16 (one byte); 0 when the value is the default, which is not written. */
inline size_t VarintFieldSize(uint64_t value) { return value == 0 ? 0 : 1 + VarintSize(value); }
inline size_t BytesFieldSize(size_t size) { return size == 0 ? 0 : 1 + VarintSize(size) + size; }

/** Writes into memory that its caller has made large enough (with the functions above). */
class ProtobufWriter {
 public:
  explicit ProtobufWriter(uint8_t* at) : at_(at) {}

  uint8_t* At() const { return at_; }

  void Varint(uint64_t value) {
    while (value >= 0x80) {
      *at_++ = static_cast<uint8_t>(value) | 0x80;
      value >>= 7;
    }
    *at_++ = static_cast<uint8_t>(value);
  }

  void VarintField(uint32_t field, uint64_t value) {
    if (value == 0) return;
    Tag(field, WireType::kVarint);
    Varint(value);
  }

  void Fixed64Field(uint32_t field, uint64_t value) {
    Tag(field, WireType::kFixed64);
    std::memcpy(at_, &value, 8);
    at_ += 8;
  }

  void BytesField(uint32_t field, std::span<const uint8_t> bytes) {
    if (bytes.empty()) return;
    std::memcpy(Reserve(field, bytes.size()), bytes.data(), bytes.size());
  }

  void BytesField(uint32_t field, std::string_view text) {
    BytesField(field, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  }

  /** Starts a field of `size` bytes (written even when 0) and hands out their place. */
  uint8_t* Reserve(uint32_t field, size_t size) {
    Message(field, size);
    uint8_t* const place = at_;
    at_ += size;
    return place;
  }

  /** Starts a message of `size` bytes, which the caller writes next. */
  void Message(uint32_t field, size_t size) {
    Tag(field, WireType::kLengthDelimited);
    Varint(size);
  }

 private:
  void Tag(uint32_t field, WireType type) { *at_++ = static_cast<uint8_t>(field << 3 | static_cast<uint32_t>(type)); }

  uint8_t* at_;
};

/** Bytes that are no batch; the message says where and why. */
class DecodeFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/** One message. Next() moves to a field; exactly one of the value functions or Skip() takes it. */
class ProtobufReader {
 public:
  /** `name` is the message's, for errors. */
  ProtobufReader(std::span<const uint8_t> bytes, const char* name)
      : start_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()), name_(name) {}

  /** False at the end of the message. */
  bool Next() {
    if (at_ == end_) return false;
    const uint64_t tag = RawVarint();
    field_ = static_cast<uint32_t>(tag >> 3);
    type_ = static_cast<uint32_t>(tag & 7);
    if (field_ == 0 || tag >> 32 != 0) Fail("no field has this tag");
    return true;
  }

  uint32_t Field() const { return field_; }

  uint64_t Varint() {
    Expect(WireType::kVarint);
    return RawVarint();
  }

  uint32_t Uint32() {
    const uint64_t value = Varint();
    if (value > UINT32_MAX) Fail("the value is larger than 32 bits");
    return static_cast<uint32_t>(value);
  }

  uint64_t Fixed64() {
    Expect(WireType::kFixed64);
    uint64_t value;
    std::memcpy(&value, Take(8), 8);
    return value;
  }

  std::span<const uint8_t> Bytes() {
    Expect(WireType::kLengthDelimited);
    const uint64_t size = RawVarint();
    if (size > static_cast<uint64_t>(end_ - at_)) {
      Fail(std::to_string(size) + " bytes are announced, " + std::to_string(end_ - at_) + " are left");
    }
    return {Take(size), size};
  }

  std::string_view Text() {
    const auto bytes = Bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  /** Passes over a field that this reader does not know. */
  void Skip() {
    switch (static_cast<WireType>(type_)) {
      case WireType::kVarint:
        RawVarint();
        return;
      case WireType::kFixed64:
        Take(8);
        return;
      case WireType::kLengthDelimited:
        Bytes();
        return;
      case WireType::kFixed32:
        Take(4);
        return;
    }
    Fail("wire type " + std::to_string(type_) + " does not exist");
  }

  [[noreturn]] void Fail(const std::string& why) const {
    throw DecodeFailure(std::string(name_) + " field " + std::to_string(field_) + ", before byte " +
                        std::to_string(at_ - start_) + " of " + std::to_string(end_ - start_) + ": " + why);
  }

 private:
  void Expect(WireType type) const {
    if (type_ != static_cast<uint32_t>(type)) Fail("wire type " + std::to_string(type_) + " does not fit");
  }

  const uint8_t* Take(size_t size) {
    if (size > static_cast<size_t>(end_ - at_)) Fail("the message ends within the value");
    const uint8_t* const place = at_;
    at_ += size;
    return place;
  }

  uint64_t RawVarint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = *Take(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    Fail("a varint is longer than 10 bytes");
  }

  const uint8_t* start_;
  const uint8_t* at_;
  const uint8_t* end_;
  const char* name_;
  uint32_t field_ = 0;
  uint32_t type_ = 0;
};

}  // namespace traceprobe
