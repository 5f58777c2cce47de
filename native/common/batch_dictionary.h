// The distinct byte strings of one column of one batch, numbered in the order of their first appearance.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace traceprobe {

class BatchDictionary {
 public:
  /** `seed` keeps those who choose the strings from choosing collisions. */
  explicit BatchDictionary(uint64_t seed);

  /** The number of this string, added if it is new. */
  uint32_t Code(std::string_view value);

  uint32_t Size() const { return static_cast<uint32_t>(ends_.size()); }
  /** All strings one after another. */
  std::span<const uint8_t> Bytes() const { return bytes_; }
  /** Where each ends in Bytes(). */
  std::span<const uint32_t> Ends() const { return ends_; }

  /** Forgets the strings; keeps memory in proportion to how many there were. */
  void Clear();

 private:
  struct Entry {
    uint32_t hash;
    uint32_t code_plus_one;  // 0: free
  };

  std::string_view At(uint32_t code) const;
  void Grow();

  uint64_t seed_;
  uint32_t last_ = UINT32_MAX;  // code of the last string asked for: runs of one value are common
  std::vector<Entry> table_;    // open addressing; its size is a power of two, at most half full
  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> ends_;
};

}  // namespace traceprobe
