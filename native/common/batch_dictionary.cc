#include "common/batch_dictionary.h"

#include <algorithm>
#include <cstring>

namespace traceprobe {

namespace {

constexpr size_t kSmallestTable = 64;

uint64_t Load(const char* at, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, at, size);
  return word;
}

uint64_t Fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

/** Multiply-and-fold over 16 bytes at a time, in the manner of wyhash. */
uint64_t Hash(std::string_view value, uint64_t seed) {
  constexpr uint64_t kA = 0x9e3779b97f4a7c15, kB = 0xd6e8feb86659fd93;
  const char* at = value.data();
  size_t left = value.size();
  uint64_t hash = seed ^ Fold(left ^ kA, kB);
  for (; left > 16; at += 16, left -= 16) hash = Fold(Load(at, 8) ^ kA ^ hash, Load(at + 8, 8) ^ kB);
  if (left >= 8) return Fold(Load(at, 8) ^ kA ^ hash, Load(at + left - 8, 8) ^ kB);
  if (left >= 4) return Fold(Load(at, 4) ^ kA ^ hash, Load(at + left - 4, 4) ^ kB);
  if (left > 0) {
    const auto byte = [&](size_t i) { return static_cast<uint64_t>(static_cast<uint8_t>(at[i])); };
    return Fold((byte(0) << 16 | byte(left / 2) << 8 | byte(left - 1)) ^ kA ^ hash, kB);
  }
  return Fold(hash ^ kA, kB);
}

}  // namespace

BatchDictionary::BatchDictionary(uint64_t seed) : seed_(seed), table_(kSmallestTable) {}

std::string_view BatchDictionary::At(uint32_t code) const {
  const uint32_t start = code == 0 ? 0 : ends_[code - 1];
  return {reinterpret_cast<const char*>(bytes_.data()) + start, ends_[code] - start};
}

uint32_t BatchDictionary::Code(std::string_view value) {
  if (last_ < ends_.size() && At(last_) == value) return last_;
  const uint64_t wide = Hash(value, seed_);
  const auto hash = static_cast<uint32_t>(wide >> 32);
  const size_t mask = table_.size() - 1;
  size_t index = wide & mask;
  while (table_[index].code_plus_one != 0) {
    const Entry entry = table_[index];
    if (entry.hash == hash && At(entry.code_plus_one - 1) == value) return last_ = entry.code_plus_one - 1;
    index = (index + 1) & mask;
  }
  const auto code = static_cast<uint32_t>(ends_.size());
  table_[index] = {hash, code + 1};
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  ends_.push_back(static_cast<uint32_t>(bytes_.size()));
  if (ends_.size() * 2 > table_.size()) Grow();
  return last_ = code;
}

void BatchDictionary::Grow() {
  table_.assign(table_.size() * 4, {});
  const size_t mask = table_.size() - 1;
  for (uint32_t code = 0; code < ends_.size(); ++code) {
    const uint64_t wide = Hash(At(code), seed_);
    size_t index = wide & mask;
    while (table_[index].code_plus_one != 0) index = (index + 1) & mask;
    table_[index] = {static_cast<uint32_t>(wide >> 32), code + 1};
  }
}

void BatchDictionary::Clear() {
  last_ = UINT32_MAX;
  if (ends_.empty()) return;
  if (table_.size() > kSmallestTable && ends_.size() * 16 < table_.size()) {
    table_ = std::vector<Entry>(std::max(kSmallestTable, table_.size() / 4));
  } else {
    std::fill(table_.begin(), table_.end(), Entry{});
  }
  if (bytes_.capacity() > 64 * 1024 && bytes_.size() * 8 < bytes_.capacity()) bytes_ = {};
  bytes_.clear();
  ends_.clear();
}

}  // namespace traceprobe
