// The native remainder of a probe's filter (FilterNode in src/probe/plan.ts), compiled once and evaluated on every
// record that the kernel let through. What it means is said in src/probe/cel/term.ts; src/probe/cel/evaluate.ts is
// the reference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace traceprobe {

/** A value of a column, a constant or a result. Text is borrowed and must outlive the evaluation. */
struct FilterValue {
  enum class Kind : uint8_t {
    kFault,  // could not be read or calculated: every comparison with it is false
    kBool,
    kSigned,
    kUnsigned,
    kDouble,
    kText,  // strings, paths, bytes, and addresses in the text that inet_ntop() makes
  };

  Kind kind;
  union {
    bool boolean;
    int64_t signed_integer;
    uint64_t unsigned_integer;
    double number;
    size_t length;
  };
  const char* text;

  static FilterValue Fault() { return Of(Kind::kFault); }
  static FilterValue Bool(bool value) {
    FilterValue result = Of(Kind::kBool);
    result.boolean = value;
    return result;
  }
  static FilterValue Signed(int64_t value) {
    FilterValue result = Of(Kind::kSigned);
    result.signed_integer = value;
    return result;
  }
  static FilterValue Unsigned(uint64_t value) {
    FilterValue result = Of(Kind::kUnsigned);
    result.unsigned_integer = value;
    return result;
  }
  static FilterValue Double(double value) {
    FilterValue result = Of(Kind::kDouble);
    result.number = value;
    return result;
  }
  static FilterValue Text(std::string_view value) {
    FilterValue result = Of(Kind::kText);
    result.length = value.size();
    result.text = value.data();
    return result;
  }

  std::string_view AsText() const { return {text, length}; }
  bool IsTrue() const { return kind == Kind::kBool && boolean; }

 private:
  static FilterValue Of(Kind kind) {
    FilterValue result;
    result.kind = kind;
    return result;
  }
};

/** What every event has. */
enum class FilterBuiltin : uint8_t {
  kPid,
  kTid,
  kPpid,
  kUid,
  kGid,
  kComm,
  kContext,  // "task", "softirq", "hardirq", or "interrupt": which one is not known
  kNode,
  kNamespace,  // empty outside of all pods, as the two below; a fault where the pod is not known
  kPod,
  kContainer,
};

enum class FilterOp : uint8_t {
  kColumn,
  kBuiltin,
  kConstant,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kAnd,
  kOr,
  kNot,
  kNegate,
  kConditional,
  kContains,
  kStartsWith,
  kEndsWith,
  kSize,
  kHasFlags,
  kToDouble,
  kMatches,
  kIn,
};

/** One node in postfix order, as it comes from the plan. */
struct FilterNode {
  FilterOp op = FilterOp::kConstant;
  /** kColumn: index in PointPlan.columns; kBuiltin: a FilterBuiltin. */
  uint32_t index = 0;
  /** kConstant, except text. */
  FilterValue constant = FilterValue::Fault();
  /** kConstant: its text; kMatches: the pattern. */
  std::string text;
  /** kIn: integers or texts to compare with. */
  std::vector<FilterValue> integers;
  std::vector<std::string> texts;
};

/**
 * A compiled filter. Constant after construction, so any number of threads may evaluate it; evaluation allocates
 * nothing and throws nothing.
 *
 * A row is anything with
 *   FilterValue Column(uint32_t index) const;            // index in PointPlan.columns
 *   FilterValue Builtin(FilterBuiltin builtin) const;
 * both of which are asked only for what the result depends on.
 */
class Filter {
 public:
  /** Values kept at a time; src/probe/cel/nativeFilter.ts refuses filters that need more. */
  static constexpr size_t kMaxDepth = 32;

  /** Empty nodes accept every row. Throws std::invalid_argument for nodes that are no filter, or no RE2. */
  explicit Filter(std::span<const FilterNode> nodes);
  ~Filter();
  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;

  /** Nothing to evaluate: every row is accepted. */
  bool IsEmpty() const { return code_.empty(); }

  /** One more than the greatest column index it asks for. */
  uint32_t ColumnCount() const { return column_count_; }

  template <class Row>
  bool Matches(const Row& row) const {
    if (code_.empty()) return true;
    FilterValue stack[kMaxDepth];
    FilterValue* top = stack - 1;
    const size_t end = code_.size();
    for (size_t at = 0; at < end; ++at) {
      const Instruction& instruction = code_[at];
      switch (instruction.op) {
        case Step::kColumn:
          *++top = row.Column(instruction.argument);
          break;
        case Step::kBuiltin:
          *++top = row.Builtin(static_cast<FilterBuiltin>(instruction.argument));
          break;
        case Step::kConstant:
          *++top = constants_[instruction.argument];
          break;
        case Step::kJump:
          at = instruction.argument - 1;
          break;
        case Step::kPopUnless:  // && and ?:
          if ((top--)->IsTrue()) break;
          at = instruction.argument - 1;
          break;
        case Step::kPopIf:  // ||
          if (!(top--)->IsTrue()) break;
          at = instruction.argument - 1;
          break;
        default:
          top = Apply(instruction, top);
      }
    }
    return top->IsTrue();
  }

 private:
  enum class Step : uint8_t {
    kColumn,
    kBuiltin,
    kConstant,
    kJump,
    kPopUnless,
    kPopIf,
    kTruth,  // a fault becomes false
    kNot,
    kCompare,
    kArithmetic,
    kNegate,
    kContains,
    kStartsWith,
    kEndsWith,
    kSize,
    kHasFlags,
    kToDouble,
    kMatches,
    kIn,
  };

  struct Instruction {
    Step op;
    FilterOp detail;    // which comparison or arithmetic
    uint32_t argument;  // column, builtin, target of a jump, or index of a constant, expression or set
  };

  class Compiler;
  struct Tables;

  /** Pops what the instruction needs and pushes its result; returns the new top. */
  FilterValue* Apply(const Instruction& instruction, FilterValue* top) const;

  std::vector<Instruction> code_;
  std::vector<FilterValue> constants_;
  std::unique_ptr<Tables> tables_;  // texts of constants, expressions, sets
  uint32_t column_count_ = 0;
};

}  // namespace traceprobe
