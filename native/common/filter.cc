#include "common/filter.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <stdexcept>

namespace traceprobe {

namespace {

using Kind = FilterValue::Kind;

// Wide enough for any integer of a filter (-2^63 … 2^64-1), and for sums of two.
using Wide = __int128;

bool IsInteger(const FilterValue& value) { return value.kind == Kind::kSigned || value.kind == Kind::kUnsigned; }

Wide AsWide(const FilterValue& value) {
  return value.kind == Kind::kSigned ? Wide{value.signed_integer} : Wide{value.unsigned_integer};
}

FilterValue FromWide(Wide value) {
  if (value < std::numeric_limits<int64_t>::min() || value > std::numeric_limits<uint64_t>::max()) {
    return FilterValue::Fault();
  }
  if (value > std::numeric_limits<int64_t>::max()) return FilterValue::Unsigned(static_cast<uint64_t>(value));
  return FilterValue::Signed(static_cast<int64_t>(value));
}

template <typename T>
bool Holds(FilterOp op, const T& left, const T& right) {
  switch (op) {
    case FilterOp::kEqual:
      return left == right;
    case FilterOp::kNotEqual:
      return left != right;
    case FilterOp::kLess:
      return left < right;
    case FilterOp::kLessEqual:
      return left <= right;
    case FilterOp::kGreater:
      return left > right;
    case FilterOp::kGreaterEqual:
      return left >= right;
    default:
      return false;
  }
}

bool Compare(FilterOp op, const FilterValue& left, const FilterValue& right) {
  if (left.kind == right.kind) {
    switch (left.kind) {
      case Kind::kFault:
        return false;
      case Kind::kBool:
        return Holds(op, left.boolean, right.boolean);
      case Kind::kSigned:
        return Holds(op, left.signed_integer, right.signed_integer);
      case Kind::kUnsigned:
        return Holds(op, left.unsigned_integer, right.unsigned_integer);
      case Kind::kDouble:
        return Holds(op, left.number, right.number);
      case Kind::kText:
        return Holds(op, left.AsText(), right.AsText());
    }
  }
  // The compiler of filters lets only integers of different sign meet.
  return IsInteger(left) && IsInteger(right) && Holds(op, AsWide(left), AsWide(right));
}

FilterValue OnIntegers(FilterOp op, Wide left, Wide right) {
  Wide product;
  switch (op) {
    case FilterOp::kAdd:
      return FromWide(left + right);
    case FilterOp::kSubtract:
      return FromWide(left - right);
    case FilterOp::kMultiply:
      return __builtin_mul_overflow(left, right, &product) ? FilterValue::Fault() : FromWide(product);
    case FilterOp::kDivide:
      return right == 0 ? FilterValue::Fault() : FromWide(left / right);
    case FilterOp::kModulo:
      return right == 0 ? FilterValue::Fault() : FromWide(left % right);
    default:
      return FilterValue::Fault();
  }
}

FilterValue OnDoubles(FilterOp op, double left, double right) {
  switch (op) {
    case FilterOp::kAdd:
      return FilterValue::Double(left + right);
    case FilterOp::kSubtract:
      return FilterValue::Double(left - right);
    case FilterOp::kMultiply:
      return FilterValue::Double(left * right);
    case FilterOp::kDivide:
      return FilterValue::Double(left / right);
    case FilterOp::kModulo:
      return FilterValue::Double(std::fmod(left, right));
    default:
      return FilterValue::Fault();
  }
}

FilterValue Calculate(FilterOp op, const FilterValue& left, const FilterValue& right) {
  if (IsInteger(left) && IsInteger(right)) return OnIntegers(op, AsWide(left), AsWide(right));
  if (left.kind == Kind::kDouble && right.kind == Kind::kDouble) return OnDoubles(op, left.number, right.number);
  return FilterValue::Fault();
}

bool AreTexts(const FilterValue& left, const FilterValue& right) {
  return left.kind == Kind::kText && right.kind == Kind::kText;
}

size_t OperandCount(FilterOp op) {
  switch (op) {
    case FilterOp::kColumn:
    case FilterOp::kBuiltin:
    case FilterOp::kConstant:
      return 0;
    case FilterOp::kNot:
    case FilterOp::kNegate:
    case FilterOp::kSize:
    case FilterOp::kToDouble:
    case FilterOp::kMatches:
    case FilterOp::kIn:
      return 1;
    case FilterOp::kConditional:
      return 3;
    default:
      return 2;
  }
}

/** Whether the result is a bool and never a fault. */
bool IsDecided(FilterOp op) {
  switch (op) {
    case FilterOp::kEqual:
    case FilterOp::kNotEqual:
    case FilterOp::kLess:
    case FilterOp::kLessEqual:
    case FilterOp::kGreater:
    case FilterOp::kGreaterEqual:
    case FilterOp::kAnd:
    case FilterOp::kOr:
    case FilterOp::kNot:
    case FilterOp::kContains:
    case FilterOp::kStartsWith:
    case FilterOp::kEndsWith:
    case FilterOp::kHasFlags:
    case FilterOp::kMatches:
    case FilterOp::kIn:
      return true;
    default:
      return false;
  }
}

// More than the compiler of filters makes of its largest tree.
constexpr size_t kMaxNodes = 8192;

std::unique_ptr<RE2> Expression(const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  auto expression = std::make_unique<RE2>(pattern, options);
  if (!expression->ok()) throw std::invalid_argument("matches(\"" + pattern + "\"): " + expression->error());
  return expression;
}

}  // namespace

struct Filter::Tables {
  /** Constants of kIn, sorted. */
  struct Set {
    std::vector<Wide> integers;
    std::vector<std::string> texts;

    bool Contains(const FilterValue& value) const {
      if (IsInteger(value)) return std::binary_search(integers.begin(), integers.end(), AsWide(value));
      if (value.kind != Kind::kText) return false;
      return std::binary_search(texts.begin(), texts.end(), value.AsText(), std::less<>());
    }
  };

  std::deque<std::string> texts;  // a deque: constants point into it
  std::vector<std::unique_ptr<RE2>> expressions;
  std::vector<Set> sets;
};

/** Turns postfix nodes into code that jumps over what does not matter. */
class Filter::Compiler {
 public:
  Compiler(Filter& filter, std::span<const FilterNode> nodes) : filter_(filter), nodes_(nodes) {}

  void Compile() {
    if (nodes_.empty()) return;
    FindStarts();
    Emit(nodes_.size() - 1);
  }

 private:
  /** Where the nodes of each node's operands begin; refuses what is no tree or too deep. */
  void FindStarts() {
    if (nodes_.size() > kMaxNodes) throw std::invalid_argument("the filter has too many nodes");
    std::vector<size_t> open;  // first node of each value on the stack
    for (size_t i = 0; i < nodes_.size(); ++i) {
      const size_t operands = OperandCount(nodes_[i].op);
      if (operands > open.size()) throw std::invalid_argument("a node of the filter lacks operands");
      const size_t start = operands == 0 ? i : open[open.size() - operands];
      open.resize(open.size() - operands);
      open.push_back(start);
      if (open.size() > kMaxDepth) throw std::invalid_argument("the filter is nested too deeply");
      starts_.push_back(start);
    }
    if (open.size() != 1) throw std::invalid_argument("the filter leaves more than one value");
  }

  void Emit(size_t node) {
    const FilterOp op = nodes_[node].op;
    switch (op) {
      case FilterOp::kAnd:
        return EmitJunction(node, Step::kPopUnless, false);
      case FilterOp::kOr:
        return EmitJunction(node, Step::kPopIf, true);
      case FilterOp::kConditional:
        return EmitConditional(node);
      default:
        if (OperandCount(op) == 2) Emit(starts_[node - 1] - 1);
        if (OperandCount(op) > 0) Emit(node - 1);
        EmitSelf(nodes_[node]);
    }
  }

  /** left; pop and go to `decided` if it decides; right as true or false; go to end; decided: push it; end: */
  void EmitJunction(size_t node, Step jump, bool decision) {
    const size_t right = node - 1;
    Emit(starts_[right] - 1);
    const size_t decided = Add(jump);
    Emit(right);
    if (!IsDecided(nodes_[right].op)) Add(Step::kTruth);
    const size_t end = Add(Step::kJump);
    Land(decided);
    Add(Step::kConstant, Constant(FilterValue::Bool(decision)));
    Land(end);
  }

  void EmitConditional(size_t node) {
    const size_t otherwise = node - 1;
    const size_t then = starts_[otherwise] - 1;
    Emit(starts_[then] - 1);
    const size_t to_otherwise = Add(Step::kPopUnless);
    Emit(then);
    const size_t end = Add(Step::kJump);
    Land(to_otherwise);
    Emit(otherwise);
    Land(end);
  }

  void EmitSelf(const FilterNode& node) {
    Tables& tables = *filter_.tables_;
    switch (node.op) {
      case FilterOp::kColumn:
        filter_.column_count_ = std::max(filter_.column_count_, node.index + 1);
        Add(Step::kColumn, node.index);
        return;
      case FilterOp::kBuiltin:
        Add(Step::kBuiltin, node.index);
        return;
      case FilterOp::kConstant:
        if (node.constant.kind == Kind::kText) {
          Add(Step::kConstant, Constant(FilterValue::Text(tables.texts.emplace_back(node.text))));
        } else {
          Add(Step::kConstant, Constant(node.constant));
        }
        return;
      case FilterOp::kMatches:
        Add(Step::kMatches, tables.expressions.size());
        tables.expressions.push_back(Expression(node.text));
        return;
      case FilterOp::kIn:
        Add(Step::kIn, tables.sets.size());
        tables.sets.push_back(SetOf(node));
        return;
      default:
        Add(StepOf(node.op), 0, node.op);
    }
  }

  static Step StepOf(FilterOp op) {
    switch (op) {
      case FilterOp::kAdd:
      case FilterOp::kSubtract:
      case FilterOp::kMultiply:
      case FilterOp::kDivide:
      case FilterOp::kModulo:
        return Step::kArithmetic;
      case FilterOp::kNot:
        return Step::kNot;
      case FilterOp::kNegate:
        return Step::kNegate;
      case FilterOp::kContains:
        return Step::kContains;
      case FilterOp::kStartsWith:
        return Step::kStartsWith;
      case FilterOp::kEndsWith:
        return Step::kEndsWith;
      case FilterOp::kSize:
        return Step::kSize;
      case FilterOp::kHasFlags:
        return Step::kHasFlags;
      case FilterOp::kToDouble:
        return Step::kToDouble;
      default:
        return Step::kCompare;
    }
  }

  static Tables::Set SetOf(const FilterNode& node) {
    Tables::Set set;
    set.texts = node.texts;
    for (const FilterValue& value : node.integers) set.integers.push_back(AsWide(value));
    std::sort(set.integers.begin(), set.integers.end());
    std::sort(set.texts.begin(), set.texts.end());
    return set;
  }

  size_t Constant(FilterValue value) {
    filter_.constants_.push_back(value);
    return filter_.constants_.size() - 1;
  }

  size_t Add(Step step, size_t argument = 0, FilterOp detail = FilterOp::kColumn) {
    filter_.code_.push_back({step, detail, static_cast<uint32_t>(argument)});
    return filter_.code_.size() - 1;
  }

  /** The jump goes to what is added next. */
  void Land(size_t jump) { filter_.code_[jump].argument = static_cast<uint32_t>(filter_.code_.size()); }

  Filter& filter_;
  std::span<const FilterNode> nodes_;
  std::vector<size_t> starts_;
};

Filter::Filter(std::span<const FilterNode> nodes) : tables_(std::make_unique<Tables>()) {
  Compiler(*this, nodes).Compile();
}

Filter::~Filter() = default;
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;

FilterValue* Filter::Apply(const Instruction& instruction, FilterValue* top) const {
  const FilterValue right = *top;
  switch (instruction.op) {
    case Step::kTruth:
      *top = FilterValue::Bool(right.IsTrue());
      return top;
    case Step::kNot:
      *top = FilterValue::Bool(!right.IsTrue());
      return top;
    case Step::kNegate:
      if (right.kind == Kind::kDouble) {
        *top = FilterValue::Double(-right.number);
      } else {
        *top = IsInteger(right) ? FromWide(-AsWide(right)) : FilterValue::Fault();
      }
      return top;
    case Step::kSize:
      *top = right.kind == Kind::kText ? FilterValue::Unsigned(right.length) : FilterValue::Fault();
      return top;
    case Step::kToDouble:
      if (right.kind == Kind::kSigned) {
        *top = FilterValue::Double(static_cast<double>(right.signed_integer));
      } else if (right.kind == Kind::kUnsigned) {
        *top = FilterValue::Double(static_cast<double>(right.unsigned_integer));
      } else {
        *top = FilterValue::Fault();
      }
      return top;
    case Step::kMatches: {
      const RE2& expression = *tables_->expressions[instruction.argument];
      *top = FilterValue::Bool(right.kind == Kind::kText && expression.Match(re2::StringPiece(right.text, right.length), 0,
                                                                             right.length, RE2::UNANCHORED, nullptr, 0));
      return top;
    }
    case Step::kIn:
      *top = FilterValue::Bool(tables_->sets[instruction.argument].Contains(right));
      return top;
    default:
      break;
  }
  const FilterValue left = *--top;
  switch (instruction.op) {
    case Step::kCompare:
      *top = FilterValue::Bool(Compare(instruction.detail, left, right));
      return top;
    case Step::kArithmetic:
      *top = Calculate(instruction.detail, left, right);
      return top;
    case Step::kContains:
      *top = FilterValue::Bool(AreTexts(left, right) && left.AsText().find(right.AsText()) != std::string_view::npos);
      return top;
    case Step::kStartsWith:
      *top = FilterValue::Bool(AreTexts(left, right) && left.AsText().starts_with(right.AsText()));
      return top;
    case Step::kEndsWith:
      *top = FilterValue::Bool(AreTexts(left, right) && left.AsText().ends_with(right.AsText()));
      return top;
    case Step::kHasFlags: {
      const bool integers = IsInteger(left) && IsInteger(right);
      const uint64_t flags = integers ? static_cast<uint64_t>(AsWide(right)) : 0;
      *top = FilterValue::Bool(integers && (static_cast<uint64_t>(AsWide(left)) & flags) == flags);
      return top;
    }
    default:
      *top = FilterValue::Fault();
      return top;
  }
}

}  // namespace traceprobe
