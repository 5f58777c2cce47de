import type { FieldAllocator, FilterBuiltin, FilterOperand } from './cel/scope.ts';
import { UnresolvedName } from './cel/scope.ts';
import type { ColumnPlan, ColumnType, FieldPlan, ValuePlan } from './plan.ts';
import type { ColumnValue } from './resolve/columnValue.ts';
import type { Place } from './resolve/planError.ts';
import { TooLargeError, TooManyFieldsError } from './resolve/planError.ts';
import { wholeValue } from './resolve/valuePlan.ts';
import { LARGE_VARIABLE, MAX_FIELDS, SMALL_VALUE, SMALL_VARIABLE } from './limits.ts';

/**
 * Fields and columns of one point while it is compiled. A value that several columns and predicates need is one
 * field.
 */
export class FieldTable implements FieldAllocator {
  readonly fields: FieldPlan[] = [];
  readonly columns: ColumnPlan[] = [];
  /** Where the document asks for each field, for messages. */
  readonly places: Place[] = [];
  readonly #values = new Map<string, ColumnValue>();
  readonly #filterPlace: Place;

  /** @param filterPlace where to say that the filter needs too much */
  constructor(filterPlace: Place) {
    this.#filterPlace = filterPlace;
  }

  /**
   * Adds a column that people see.
   * @param length how to load the length of a buffer that another value tells
   * @throws {TooManyFieldsError}
   */
  capture(name: string, value: ColumnValue, length: ValuePlan | undefined, place: Place): void {
    const field = this.#record(value, length, place);
    this.columns.push({ name, type: value.type, field, visible: true, ...enumNames(value) });
  }

  /** The operand by which a filter looks at a value; the table remembers what is meant by it. */
  operand(value: ColumnValue, available: FilterOperand['available']): FilterOperand {
    const key = JSON.stringify([value.value, value.user, value.kind, value.type, value.maxBytes]);
    this.#values.set(key, value);
    const isNumber = value.kind === 'integer' && KERNEL_NUMBERS.has(value.type);
    return {
      key,
      type: value.type,
      kernel: isNumber || value.kind === 'string',
      maxBytes: value.maxBytes,
      cut: value.cut,
      available,
      ...(value.names && { enumerators: value.names }),
    };
  }

  predicateField(operand: FilterOperand): number {
    const { builtin } = operand;
    const wanted = builtin === undefined ? this.#value(operand) : builtinValue(builtin);
    const found = this.fields.findIndex((field) => sameValue(field, wanted));
    const index =
      found >= 0 ? found : this.#filterField({ ...plainField(wanted), kind: 'none', maxBytes: 0 });
    const field = this.fields[index];
    if (field !== undefined) field.early = true;
    return index;
  }

  column(operand: FilterOperand): number {
    const value = this.#value(operand);
    const found = this.columns.findIndex((column) => {
      const field = this.fields[column.field];
      return field !== undefined && column.type === value.type && sameRecord(field, plainField(value));
    });
    if (found >= 0) return found;
    let field: number;
    try {
      field = this.#record(value, value.length, this.#filterPlace);
    } catch (error) {
      throw error instanceof TooManyFieldsError ? new UnresolvedName(error.message, 0) : error;
    }
    const name = `filter_${String(this.columns.length)}`;
    this.columns.push({ name, type: value.type, field, visible: false, ...enumNames(value) });
    return this.columns.length - 1;
  }

  /**
   * Whether the record needs the large scratch slots.
   * @throws {TooLargeError} when it does not even fit those.
   */
  large(place: Place): boolean {
    const recorded = this.fields.filter((field) => field.maxBytes > 0);
    const sum = recorded.reduce((bytes, field) => bytes + field.maxBytes, 0);
    if (sum > LARGE_VARIABLE) {
      const terms = recorded.map((field) => String(field.maxBytes)).join(' + ');
      throw new TooLargeError(
        place,
        `strings and buffers of one event may take ${String(LARGE_VARIABLE)} bytes at most, and these may take ` +
          `${terms} = ${String(sum)}: lower maxBytes or capture fewer of them`,
      );
    }
    return sum > SMALL_VARIABLE || recorded.some((field) => field.maxBytes > SMALL_VALUE);
  }

  #value(operand: FilterOperand): ColumnValue {
    const value = this.#values.get(operand.key);
    if (value === undefined) throw new TypeError(`operand ${operand.key} is none of this table`);
    return value;
  }

  /** Index of a field that records this value. */
  #record(value: ColumnValue, length: ValuePlan | undefined, place: Place): number {
    // The program loads fields in order, so the length comes first.
    const lengthField =
      length === undefined ? undefined : this.#record(lengthValue(length), undefined, place);
    const wanted: FieldPlan = { ...plainField(value), lengthField };
    const same = this.fields.findIndex((field) => sameRecord(field, wanted));
    if (same >= 0) return same;
    return this.#push(wanted, place);
  }

  #push(field: FieldPlan, place: Place): number {
    if (this.fields.length >= MAX_FIELDS) {
      throw new TooManyFieldsError(
        place,
        `a point can load ${String(MAX_FIELDS)} values (captured ones, lengths, and those only the filter looks at); this is one too many`,
      );
    }
    this.places.push(place);
    return this.fields.push(field) - 1;
  }

  #filterField(field: FieldPlan): number {
    try {
      return this.#push(field, this.#filterPlace);
    } catch (error) {
      throw error instanceof TooManyFieldsError ? new UnresolvedName(error.message, 0) : error;
    }
  }
}

/** Columns whose 64-bit value predicates compare. */
const KERNEL_NUMBERS: ReadonlySet<ColumnType> = new Set(['Int64', 'Uint64', 'Bool', 'Duration']);

function plainField({
  value,
  kind,
  user,
  maxBytes,
}: Pick<ColumnValue, 'value' | 'kind' | 'user' | 'maxBytes'>): FieldPlan {
  return { value, kind, early: false, user, lengthField: undefined, maxBytes };
}

function lengthValue(value: ValuePlan): ColumnValue {
  return { type: 'Uint64', kind: 'integer', value, user: false, maxBytes: 0, cut: false };
}

function builtinValue(builtin: FilterBuiltin): Pick<ColumnValue, 'value' | 'kind' | 'user' | 'maxBytes'> {
  switch (builtin) {
    case 'pid':
    case 'tid':
    case 'ppid':
    case 'uid':
    case 'gid':
    case 'comm':
      return { value: wholeValue(builtin, false), kind: 'none', user: false, maxBytes: 0 };
    default:
      throw new TypeError(`${builtin} is not known to the kernel`);
  }
}

/** A predicate may look at this field: it only needs the value (of a string the address). */
function sameValue(field: FieldPlan, wanted: Pick<ColumnValue, 'value' | 'user'>): boolean {
  return field.user === wanted.user && samePlan(field.value, wanted.value);
}

function sameRecord(field: FieldPlan, wanted: FieldPlan): boolean {
  return (
    sameValue(field, wanted) &&
    field.kind === wanted.kind &&
    field.maxBytes === wanted.maxBytes &&
    field.lengthField === wanted.lengthField
  );
}

function samePlan(a: ValuePlan, b: ValuePlan): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function enumNames({ names, plain }: ColumnValue): Pick<ColumnPlan, 'enumNames'> {
  if (names === undefined || plain === true) return {};
  return {
    enumNames: Object.fromEntries(Object.entries(names).map(([name, value]) => [String(value), name])),
  };
}
