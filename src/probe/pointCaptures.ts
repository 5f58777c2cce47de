import { captureNames } from '../api/captureNames.ts';
import type { FieldPath, TraceProbePointCapture } from '../api/index.ts';
import { MAX_CAPTURES } from './limits.ts';
import type { ValuePlan, ValueSource } from './plan.ts';
import { columnValue, naturalColumn } from './resolve/columnValue.ts';
import type { ColumnValue } from './resolve/columnValue.ts';
import { aType } from './resolve/cType.ts';
import type { Hook, HookUses } from './resolve/hook.ts';
import {
  PlanError,
  ProbeRefusedError,
  TypeConflictError,
  UnknownFieldError,
  UnsupportedError,
} from './resolve/planError.ts';
import type { Place } from './resolve/planError.ts';
import { parseValuePath } from './resolve/valuePath.ts';
import { argumentNames, rootNames, walkValue } from './resolve/walkValue.ts';
import type { Walked } from './resolve/walkValue.ts';

/** One captured value, resolved. */
export interface Capture {
  name: string;
  value: ColumnValue;
  /** How to load the length of a buffer. */
  length: ValuePlan | undefined;
  /** Where the document asks for it. */
  place: Place;
}

/**
 * Resolves spec.points[].capture.
 * @param path of the point in the document
 * @throws {ProbeRefusedError} with every capture that is wrong
 */
export function explicitCaptures(
  list: readonly TraceProbePointCapture[],
  path: FieldPath,
  hook: Hook,
): Capture[] {
  const faults: PlanError[] = [];
  const found = list.flatMap((capture, index): Capture[] => {
    try {
      return [resolve(capture, [...path, 'capture', index], hook)];
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      faults.push(error);
      return [];
    }
  });
  if (faults.length > 0) throw new ProbeRefusedError(faults);
  return found;
}

/**
 * What is captured when a point does not say: every argument that makes a column by itself; of the result, what
 * the hook or the filter is about.
 */
export function defaultCaptures(
  hook: Hook,
  uses: Readonly<HookUses>,
  path: FieldPath,
): { captures: Capture[]; left: number } {
  const { values } = hook;
  const place: Place = { path: [...path, 'attach'] };
  const roots: string[] = [];
  if (!hook.returnOnly) {
    values.args.forEach((argument, index) => {
      if (argument.unreadable !== undefined || argument.buffer === true) return;
      roots.push(argument.name === '' ? `args.arg${String(index)}` : `args.${argument.name}`);
    });
  }
  if (values.retval !== undefined && (hook.atReturn || uses.retval)) roots.push('retval');
  if (uses.duration) roots.push('duration');
  const found = roots.flatMap((text) => {
    const parts = parseValuePath(text)?.parts;
    const value = parts && naturalColumn(walkValue(parts, values, place));
    return value === undefined ? [] : [{ text, value }];
  });
  const kept = found.slice(0, MAX_CAPTURES);
  const names = captureNames(kept.map(({ text }) => text));
  const captures = kept.map(({ text, value }, index) => ({
    name: names[index] ?? text,
    value,
    length: value.length,
    place,
  }));
  return { captures, left: found.length - kept.length };
}

function resolve(capture: TraceProbePointCapture, path: FieldPath, hook: Hook): Capture {
  const { name, value: text, type, maxBytes, length } = capture;
  const place: Place = { path: [...path, text === undefined ? 'name' : 'value'] };
  const at = text === undefined ? walkName(name, hook, place) : walkText(text, hook, place);
  const typePlace: Place = type === undefined ? place : { path: [...path, 'type'] };
  const value = columnValue(at, { type, maxBytes, hasLength: length !== undefined }, typePlace);
  return {
    name,
    value,
    length: length === undefined ? value.length : resolveLength(length, { path: [...path, 'length'] }, hook),
    place,
  };
}

function resolveLength(text: string, place: Place, hook: Hook): ValuePlan {
  const at = walkText(text, hook, place);
  const column = naturalColumn(at);
  if (column?.kind !== 'integer') {
    throw new TypeConflictError(place, `${text} is ${aType(at.type)}, which is no length`);
  }
  return column.value;
}

/** The argument or field of that name; retval and duration are themselves. */
function walkName(name: string, hook: Hook, place: Place): Walked {
  const { values } = hook;
  const isArgument = values.args.some((argument) => argument.name === name);
  if (isArgument || /^arg\d$/.test(name)) return walkValue(['args', name], values, place);
  if (name === 'retval' || name === 'duration') return walkValue([name], values, place);
  throw new UnknownFieldError(
    place,
    `${values.what} has no ${values.noun} ${name}, and the capture has no value that says where ${name} comes from`,
    name,
    [...argumentNames(values), ...rootNames(values).filter((root) => root !== 'args')],
  );
}

function walkText(text: string, hook: Hook, place: Place): Walked {
  const parsed = parseValuePath(text);
  if (parsed === undefined) {
    throw new UnknownFieldError(place, `${JSON.stringify(text)} is no path`, text, rootNames(hook.values));
  }
  if (EVENT_ONLY.has(parsed.parts[0])) {
    throw new UnsupportedError(place, 'capture', `every event has ${text} already: leave this capture out`);
  }
  return walkValue(parsed.parts, hook.values, { ...place, offsets: parsed.offsets });
}

/** Fields of every event that no program loads by itself. */
const EVENT_ONLY = new Set(['time', 'node', 'context', 'k8s']);

const argumentSources = new Set<ValueSource>(['argument', 'context', 'contextAddress', 'dataLoc', 'relLoc']);

/** Which programs a value needs. */
export function noteUse(uses: HookUses, source: ValueSource): void {
  if (argumentSources.has(source)) uses.args = true;
  else if (source === 'return') uses.retval = true;
  else if (source === 'duration') uses.duration = true;
}
