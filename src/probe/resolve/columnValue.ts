import type { ColumnType, FieldKind, ValuePlan } from '../plan.ts';
import { aType, sizeOf } from './cType.ts';
import { TypeConflictError } from './planError.ts';
import type { Place } from './planError.ts';
import { addressOf, integerOf } from './valuePlan.ts';
import { naturalType, seeThrough, valueShape } from './valueShape.ts';
import type { ValueShape } from './valueShape.ts';
import { NOT_USER, dereference } from './walkValue.ts';
import type { Walked } from './walkValue.ts';

/** What a capture asks for beside the path. */
export interface ColumnRequest {
  /** Left out: what fits the C type. */
  type?: ColumnType | undefined;
  maxBytes?: number | undefined;
  /** Another value holds the length of the string or buffer. */
  hasLength?: boolean | undefined;
}

/** How one value is recorded. */
export interface ColumnValue {
  type: ColumnType;
  kind: FieldKind;
  value: ValuePlan;
  /** The string or buffer lies in user memory. */
  user: boolean;
  /** 0 for an integer. */
  maxBytes: number;
  /** Longer values exist and are cut at maxBytes. */
  cut: boolean;
  /** Loads the length of a buffer that the hook itself tells. */
  length?: ValuePlan;
  /** Names of an enum's values; filters may compare with them. */
  names?: Record<string, bigint>;
  /** A number was asked for: the names are not shown. */
  plain?: boolean;
}

export const DEFAULT_STRING_BYTES = 256;
export const DEFAULT_PATH_BYTES = 4096;
/** More than the greatest that is recorded: family and sun_path. */
const SOCKADDR_BYTES = 128;

/** The column that fits a value's C type; undefined where none does, such as for a structure. */
export function naturalColumn(at: Walked): ColumnValue | undefined {
  const seen = seeThrough(at);
  const shape = valueShape(seen);
  const type = naturalType(seen, shape);
  return type === undefined ? undefined : makeColumn(seen, shape, type, {});
}

/**
 * The column that a capture asks for.
 * @throws {TypeConflictError} when the C type cannot be that.
 */
export function columnValue(at: Walked, request: ColumnRequest, place: Place): ColumnValue {
  const seen = seeThrough(at);
  const shape = valueShape(seen);
  const type = request.type ?? naturalType(seen, shape);
  if (type === undefined) throw new TypeConflictError(place, withoutNaturalType(at, shape));
  const made = makeColumn(seen, shape, type, request);
  if (made === undefined) throw new TypeConflictError(place, conflict(at, seen, shape, type, request));
  const asNumber = made.names !== undefined && request.type !== undefined && request.type !== 'String';
  return asNumber ? { ...made, plain: true } : made;
}

/** undefined: this shape cannot be that type. */
function makeColumn(
  at: Walked,
  shape: ValueShape,
  type: ColumnType,
  request: ColumnRequest,
): ColumnValue | undefined {
  const isNumber = type === 'Int64' || type === 'Uint64' || type === 'Bool' || type === 'Duration';
  switch (shape.is) {
    case 'integer':
      return integerColumn(at, shape.names, type);
    case 'text':
      if (type === 'String' && request.hasLength !== true) return string(shape.at, request, shape.limit);
      if (type === 'String' || type === 'Bytes') return bytes(shape.at, type, request, shape.limit ?? 0);
      return pointerColumn(at, type);
    case 'bytes':
      if (type === 'Bytes' || (type === 'String' && elementSize(shape.at) === 1)) {
        return bytes(shape.at, type, request, shape.size);
      }
      if (type === 'Ip' && (shape.size === 4 || shape.size === 16))
        return bytes(shape.at, type, {}, shape.size);
      return undefined;
    case 'address':
      return type === 'Ip' || type === 'Bytes'
        ? bytes(shape.at, type, {}, shape.size)
        : pointerColumn(at, type);
    case 'struct':
      return type === 'Bytes' ? bytes(shape.at, type, request, shape.size) : undefined;
    case 'path':
    case 'dentry':
      if (type !== 'Path' && type !== 'String') return pointerColumn(at, type);
      return located(shape.at, type, shape.is, request.maxBytes ?? DEFAULT_PATH_BYTES, true);
    case 'sockaddr':
      if (type === 'Bytes') return bytes(shape.at, type, request, sizeOf(shape.at.type) ?? SOCKADDR_BYTES);
      if (type !== 'Ip' && type !== 'String') return pointerColumn(at, type);
      return located(shape.at, type, 'sockaddr', SOCKADDR_BYTES, false);
    case 'strings':
      if (type !== 'String') return pointerColumn(at, type);
      return {
        ...located(dereference(at), type, 'strv', request.maxBytes ?? DEFAULT_STRING_BYTES, true),
        user: true,
      };
    case 'pointer':
      return pointedTo(at, type, request) ?? pointerColumn(at, type);
    case 'untyped': {
      if (isNumber) return integer(at, type, type === 'Int64');
      return pointedTo({ ...at, type: OPAQUE_POINTER }, type, request);
    }
    case 'nothing':
      return undefined;
  }
}

const OPAQUE_POINTER: Walked['type'] = {
  kind: 'pointer',
  target: { kind: 'void', text: 'void', typedefs: [] },
  user: false,
  toConst: false,
  text: 'void *',
  typedefs: [],
};

/** Somebody knows better than the C type what a pointer leads to. */
function pointedTo(at: Walked, type: ColumnType, request: ColumnRequest): ColumnValue | undefined {
  if (at.type.kind !== 'pointer') return undefined;
  const target = at.type.target;
  const behind = dereference(at);
  if (type === 'Bytes') return bytes(behind, type, request, sizeOf(target) ?? 0);
  const opaque = target.kind === 'void' || (target.kind === 'integer' && target.size === 1);
  if (!opaque) return undefined;
  if (type === 'String')
    return request.hasLength === true ? bytes(behind, type, request, 0) : string(behind, request);
  return type === 'Ip' ? located(behind, type, 'sockaddr', SOCKADDR_BYTES, false) : undefined;
}

function integerColumn(
  at: Walked,
  names: Record<string, bigint> | undefined,
  type: ColumnType,
): ColumnValue | undefined {
  const named = names === undefined ? {} : { names };
  const signed = (at.type.kind === 'integer' || at.type.kind === 'enum') && at.type.signed;
  switch (type) {
    case 'Int64':
    case 'Bool':
    case 'Duration':
      return { ...integer(at, type, signed), ...named };
    case 'Uint64':
      return { ...integer(at, type, false), ...named };
    case 'String':
      // The number is recorded; whoever shows it writes the name.
      return names === undefined
        ? undefined
        : { ...integer(at, naturalType(at, { is: 'integer' }) ?? 'Int64', signed), ...named };
    case 'Ip':
      if (sizeOf(at.type) !== 4 || at.bitSize !== 0) return undefined;
      // The bytes as they lie there: addresses are kept in network order.
      return at.place === 'memory'
        ? bytes(at, type, {}, 4)
        : integer({ ...at, type: { ...at.type, typedefs: [] } }, type, false);
    default:
      return undefined;
  }
}

function integer(at: Walked, type: ColumnType, signed: boolean): ColumnValue {
  return { type, kind: 'integer', value: integerOf(at, signed), user: false, maxBytes: 0, cut: false };
}

/** The address itself, where the value is a pointer. */
function pointerColumn(at: Walked, type: ColumnType): ColumnValue | undefined {
  return at.type.kind === 'pointer' && (type === 'Uint64' || type === 'Int64')
    ? integer(at, type, false)
    : undefined;
}

function string(at: Walked, request: ColumnRequest, limit?: number): ColumnValue {
  const most = request.maxBytes ?? Math.min(limit ?? DEFAULT_STRING_BYTES, DEFAULT_STRING_BYTES);
  const maxBytes = Math.min(most, limit ?? most);
  return located(at, 'String', 'string', maxBytes, limit === undefined || maxBytes < limit);
}

/** @param size of the object, 0: not known, so that the request must tell it */
function bytes(at: Walked, type: ColumnType, request: ColumnRequest, size: number): ColumnValue | undefined {
  const told = at.source === 'dataLoc' || at.source === 'relLoc' ? locatedLength(at) : undefined;
  const unknown =
    size === 0 && told === undefined && request.hasLength !== true && request.maxBytes === undefined;
  if (unknown) return undefined;
  const most = request.maxBytes ?? (size > 0 ? Math.min(size, DEFAULT_PATH_BYTES) : DEFAULT_STRING_BYTES);
  const maxBytes = size > 0 ? Math.min(most, size) : most;
  const made = located(at, type, 'bytes', maxBytes, size === 0 || maxBytes < size);
  return told === undefined || request.hasLength === true ? made : { ...made, length: told };
}

/** The high half of a __data_loc or __rel_loc word is the length. */
function locatedLength(at: Walked): ValuePlan {
  const word = { ...at, source: 'context' as const, bitOffset: at.bitOffset + 16, bitSize: 16 };
  return integerOf(word, false);
}

function located(at: Walked, type: ColumnType, kind: FieldKind, maxBytes: number, cut: boolean): ColumnValue {
  return { type, kind, value: addressOf(at), user: at.userFrom !== NOT_USER, maxBytes, cut };
}

function elementSize(at: Walked): number | undefined {
  return at.type.kind === 'array' ? sizeOf(at.type.element) : undefined;
}

function withoutNaturalType(at: Walked, shape: ValueShape): string {
  const struct = at.type.kind === 'pointer' ? at.type.target : at.type;
  const what = `${at.text} is ${aType(at.type)}`;
  if (struct.kind === 'struct') {
    const members = struct.members.map((member) => member.name);
    const some = members.slice(0, 40).join(', ') + (members.length > 40 ? ', …' : '');
    const address = at.type.kind === 'pointer' ? ', or set type: Uint64 for the address' : '';
    const choose = members.length === 0 ? 'its members are not known here' : `choose a member (${some})`;
    return `${what}, which is no value by itself: ${choose}${address}`;
  }
  if (shape.is === 'bytes') return `${what} of unknown length: set type: Bytes and maxBytes or length`;
  return `${what}, which cannot be captured`;
}

function conflict(
  at: Walked,
  seen: Walked,
  shape: ValueShape,
  type: ColumnType,
  request: ColumnRequest,
): string {
  const what = `${at.text} is ${aType(at.type)}`;
  if (type === 'Float64') {
    return `${what}: neither the kernel nor a probe's registers hold floating-point numbers; use Int64 or Uint64`;
  }
  if (
    type === 'Bytes' &&
    request.maxBytes === undefined &&
    request.hasLength !== true &&
    shape.is !== 'integer'
  ) {
    return `${what} of unknown length: type Bytes needs maxBytes or length with it`;
  }
  const possible = POSSIBLE.filter(
    (candidate) => makeColumn(seen, shape, candidate, { maxBytes: 64 }) !== undefined,
  );
  const instead = possible.length === 0 ? 'it cannot be captured' : `it can be ${possible.join(', ')}`;
  return `${what}, which cannot be ${type}: ${instead}`;
}

const POSSIBLE: ColumnType[] = ['Int64', 'Uint64', 'Bool', 'Duration', 'String', 'Bytes', 'Ip', 'Path'];
