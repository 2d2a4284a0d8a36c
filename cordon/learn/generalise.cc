#include "cordon/learn/generalise.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "cordon/abi/constants.h"
#include "cordon/abi/syscalls.h"
#include "cordon/observe/interest.h"

namespace cordon::learn {
namespace {

using Rows = std::vector<const RecordedValues*>;

struct Column {
  const InterestingArgument* interest;
  uint8_t slot;
};

struct Table {
  Arch arch;
  uint32_t nr;
  std::vector<Column> columns;
};

Value number(uint64_t value) {
  Value result;
  result.number = value;
  return result;
}

Value complement(Value value) {
  Value result;
  result.kind = Value::Kind::complement;
  result.operands.push_back(std::move(value));
  return result;
}

Condition all_of(std::vector<Condition> parts) {
  if (parts.empty()) return {};
  if (parts.size() == 1) return std::move(parts[0]);
  Condition result;
  result.kind = Condition::Kind::all;
  result.operands = std::move(parts);
  return result;
}

Condition any_of(std::vector<Condition> parts) {
  if (parts.size() == 1) return std::move(parts[0]);
  Condition result;
  result.kind = Condition::Kind::any;
  result.operands = std::move(parts);
  return result;
}

ArgTest test_of(const Column& column) {
  ArgTest test;
  test.operand.kind = Operand::Kind::named;
  test.operand.name = std::string(column.interest->argument);
  return test;
}

Condition condition_of(ArgTest test) {
  Condition result;
  result.kind = Condition::Kind::test;
  result.test = std::move(test);
  return result;
}

void set_values(ArgTest& test, std::vector<Value> values) {
  test.op = values.size() == 1 ? CompareOp::eq : CompareOp::in;
  for (Value& value : values) test.values.push_back({std::move(value), {}});
}

std::set<uint64_t> distinct(const Rows& rows, size_t column) {
  std::set<uint64_t> values;
  for (const RecordedValues* row : rows) values.insert(row->values[column]);
  return values;
}

std::vector<Value> name_all(const Table& table, const Column& column, const std::set<uint64_t>& values,
                            const Rows& rows) {
  std::vector<Value> named;
  if (column.interest->argument == "optname") {
    for (uint64_t value : values) named.push_back(name_option(table.arch, value, distinct(rows, 0)));
    return named;
  }
  for (uint64_t value : values) named.push_back(name_value(table.arch, table.nr, column.slot, value));
  return named;
}

// The mask of the sub-field by name where the name means that number here.
Value field_mask(const InterestingArgument& interest, Arch arch) {
  Value mask = number(interest.field);
  if (abi::constant(interest.field_name, arch) == interest.field) {
    mask.kind = Value::Kind::name;
    mask.name = std::string(interest.field_name);
  }
  return mask;
}

// flags & ~(FIELD|A|B) == 0 && flags & FIELD in {…}
Condition union_condition(const Table& table, const Column& column, const std::set<uint64_t>& values,
                          const Rows& rows) {
  uint64_t field = column.interest->field;
  uint64_t bits = 0;
  std::set<uint64_t> field_values;
  for (uint64_t value : values) {
    bits |= value & ~field;
    field_values.insert(value & field);
  }
  Value allowed;
  allowed.kind = Value::Kind::any_of;
  if (field != 0) allowed.operands.push_back(field_mask(*column.interest, table.arch));
  for (Value& flag : name_flags(table.arch, table.nr, column.slot, bits)) allowed.operands.push_back(std::move(flag));
  std::vector<Condition> parts;
  ArgTest no_other = test_of(column);
  bool is_single = allowed.operands.size() == 1;
  Value mask = is_single ? std::move(allowed.operands[0]) : std::move(allowed);
  no_other.mask.push_back(complement(std::move(mask)));
  set_values(no_other, {number(0)});
  parts.push_back(condition_of(std::move(no_other)));
  if (field != 0) {
    ArgTest in_field = test_of(column);
    in_field.mask.push_back(field_mask(*column.interest, table.arch));
    set_values(in_field, name_all(table, column, field_values, rows));
    parts.push_back(condition_of(std::move(in_field)));
  }
  return all_of(std::move(parts));
}

// Threads that meet at a lock wait and wake, or do not: which of these operations a run makes is chance, as
// is whether a wait has a timeout. One of a kind seen allows the kind.
constexpr std::array<uint64_t, 4> kFutexWaits = {0, 1, 9, 10};  // WAIT WAKE WAIT_BITSET WAKE_BITSET
constexpr std::array<uint64_t, 4> kFutexLocks = {6, 7, 8, 13};  // LOCK_PI UNLOCK_PI TRYLOCK_PI LOCK_PI2
constexpr uint64_t kFutexOptions = 0x180;                       // FUTEX_PRIVATE_FLAG, FUTEX_CLOCK_REALTIME

bool is_futex(const Column& column) { return column.interest->syscall.starts_with("futex"); }

// op & ~(FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME) in {…}
Condition futex_condition(const Table& table, const Column& column, const std::set<uint64_t>& values) {
  std::set<uint64_t> operations;
  for (uint64_t value : values) operations.insert(value & ~kFutexOptions);
  for (const auto& kind : {kFutexWaits, kFutexLocks}) {
    bool is_seen = std::any_of(kind.begin(), kind.end(), [&](uint64_t op) { return operations.contains(op); });
    if (is_seen) operations.insert(kind.begin(), kind.end());
  }
  ArgTest test = test_of(column);
  Value options;
  options.kind = Value::Kind::any_of;
  for (const char* name : {"FUTEX_PRIVATE_FLAG", "FUTEX_CLOCK_REALTIME"}) {
    Value option;
    option.kind = Value::Kind::name;
    option.name = name;
    options.operands.push_back(std::move(option));
  }
  test.mask.push_back(complement(std::move(options)));
  std::vector<Value> named;
  for (uint64_t operation : operations) named.push_back(name_value(table.arch, table.nr, column.slot, operation));
  set_values(test, std::move(named));
  return condition_of(std::move(test));
}

Condition column_condition(const Table& table, size_t index, const Rows& rows) {
  const Column& column = table.columns[index];
  std::set<uint64_t> values = distinct(rows, index);
  if (column.interest->use == ArgumentUse::flags && values.size() > kMaxReadableUnions) {
    return union_condition(table, column, values, rows);
  }
  if (is_futex(column)) return futex_condition(table, column, values);
  ArgTest test = test_of(column);
  set_values(test, name_all(table, column, values, rows));
  return condition_of(std::move(test));
}

Condition columns_condition(const Table& table, size_t first, const Rows& rows) {
  std::vector<Condition> parts;
  for (size_t i = first; i < table.columns.size(); ++i) {
    Condition part = column_condition(table, i, rows);
    if (part.kind != Condition::Kind::all) {
      parts.push_back(std::move(part));
      continue;
    }
    for (Condition& operand : part.operands) parts.push_back(std::move(operand));
  }
  return all_of(std::move(parts));
}

// What the other arguments were, for each value of the first; values with the same company stand together.
std::vector<Rows> groups_of(const Rows& rows) {
  std::map<uint64_t, Rows> by_first;
  for (const RecordedValues* row : rows) by_first[row->values[0]].push_back(row);
  std::map<std::vector<std::array<uint64_t, kMaxWatched>>, Rows> by_company;
  for (auto& [value, members] : by_first) {
    std::vector<std::array<uint64_t, kMaxWatched>> company;
    for (const RecordedValues* row : members) {
      company.push_back(row->values);
      company.back()[0] = 0;
    }
    std::sort(company.begin(), company.end());
    Rows& group = by_company[company];
    group.insert(group.end(), members.begin(), members.end());
  }
  std::vector<Rows> groups;
  for (auto& [company, members] : by_company) groups.push_back(std::move(members));
  std::sort(groups.begin(), groups.end(),
            [](const Rows& a, const Rows& b) { return a[0]->values[0] < b[0]->values[0]; });
  return groups;
}

Condition table_condition(const Table& table, const Rows& rows) {
  constexpr size_t kMaxGroups = 8;
  bool depends = table.columns.size() > 1 && table.columns[0].interest->use == ArgumentUse::one_of;
  std::vector<Rows> groups = depends ? groups_of(rows) : std::vector<Rows>{rows};
  if (groups.size() > kMaxGroups) return columns_condition(table, 0, rows);
  std::vector<Condition> parts;
  for (const Rows& group : groups) parts.push_back(columns_condition(table, 0, group));
  return any_of(std::move(parts));
}

std::string reason_for(const Column& column, size_t count) {
  std::string reason = std::string(column.interest->argument) + ": " + std::to_string(count);
  if (column.interest->use == ArgumentUse::flags && count > kMaxReadableUnions)
    return reason + " unions of these flags seen";
  reason += count == 1 ? " value seen" : " values seen";
  return is_futex(column) ? reason + ", and their kind, as which of them a run needs is chance" : reason;
}

}  // namespace

GeneralisedCall generalise(const CallProfile& call) {
  GeneralisedCall result;
  if (call.too_many_values) {
    const WatchedCall known = observe::watched_arguments(call.arch, call.nr);
    for (const WatchedArgument& watched : known.arguments()) {
      result.reasons.push_back(std::string(watched.interest->argument) + ": too many values, so not restricted");
    }
    return result;
  }
  Table table{call.arch, call.nr, {}};
  for (uint8_t slot : call.slots) {
    const InterestingArgument* interest = observe::find_interest(call.arch, call.nr, slot);
    // A recording that watched more than this table does: nothing is said about the call.
    if (!interest) return result;
    table.columns.push_back({interest, slot});
  }
  if (table.columns.empty() || call.values.empty()) return result;
  Rows rows;
  for (const RecordedValues& values : call.values) rows.push_back(&values);
  result.condition = table_condition(table, rows);
  for (size_t i = 0; i < table.columns.size(); ++i) {
    result.reasons.push_back(reason_for(table.columns[i], distinct(rows, i).size()));
  }
  return result;
}

}  // namespace cordon::learn
