import type { ValidationRule } from '../src/api/structuralSchema.ts';
import { BUILTIN_NAMES } from '../src/probe/cel/builtins.ts';
import { kernelConstants } from '../src/probe/cel/constants.ts';
import type { DescribedSchema } from './describedSchema.ts';

/** docs/reference.md: every field of a TraceProbe, in the CRD's words. */
export function referencePage(root: DescribedSchema): string {
  const { spec, status } = root.properties ?? {};
  if (spec === undefined || status === undefined) throw new Error('the CRD has no spec or no status');
  const seen = new Map<string, string>();
  return [head, ...sections('spec', spec, seen), ...sections('status', status, seen), filters()]
    .join('\n\n')
    .concat('\n');
}

const head = `<!-- Generated from crds/traceprobes.yaml by scripts/referencePage.ts (npm run generate:api). Do not edit. -->

# Reference

Every field of a TraceProbe, with its type, default, limits, and what is refused in which words. \`kubectl explain
traceprobe.spec\` shows the same on a cluster, \`traceprobe check FILE\` applies it to a file. What a hook's arguments are
on a kernel, \`traceprobe explain ATTACH\` says there.

Durations are written like \`1h30m\` or \`500ms\`, quantities like \`1Gi\` or \`500M\`. What a field must match is a regular
expression. Everything has a default or may be left out unless it says _required_. Agents that cannot do yet what the
schema allows say so in the status, with reason \`UnsupportedHook\`.`;

/** An object, then the objects in it; alike ones (selectors) are described once. */
function sections(path: string, schema: DescribedSchema, seen: Map<string, string>): string[] {
  const properties = Object.entries(schema.properties ?? {});
  const inner: string[] = [];
  const fields = properties.map(([name, child]) => {
    const at = `${path}.${name}`;
    const required = schema.required?.includes(name) === true;
    const rules = (schema['x-kubernetes-validations'] ?? []).filter((rule) => rule.fieldPath === `.${name}`);
    const object = child.type === 'array' ? child.items : child;
    const objectPath = child.type === 'array' ? `${at}[]` : at;
    let link = '';
    if (object?.properties !== undefined) {
      const key = JSON.stringify(object.properties);
      const first = seen.get(key);
      if (first === undefined) {
        seen.set(key, objectPath);
        inner.push(...sections(objectPath, object, seen));
      }
      link = ` See ${linkTo(first ?? objectPath)}.`;
    }
    const facts = [typeText(child), ...(required ? ['required'] : []), ...limits(child)].join('; ');
    const items =
      object === child || object?.properties ? [] : refusals(object?.['x-kubernetes-validations']);
    const refused = [...refusals(child['x-kubernetes-validations']), ...items, ...refusals(rules)];
    const text = `- **\`${name}\`**: ${facts}\\\n  ${escaped(child.description ?? '')}${link}`;
    return [text, ...refused.map((message) => `  - refused: ${message}`)].join('\n');
  });
  const own = (schema['x-kubernetes-validations'] ?? []).filter(({ fieldPath }) => fieldPath === undefined);
  const refused = refusals(own);
  return [
    `## ${path}`,
    escaped(schema.description ?? ''),
    ...(refused.length > 0 ? [`Refused: ${refused.join('; ')}`] : []),
    fields.join('\n'),
    ...inner,
  ];
}

function linkTo(path: string): string {
  return `[${escaped(path)}](#${path.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '')})`;
}

function typeText(schema: DescribedSchema): string {
  if (schema['x-kubernetes-int-or-string']) return 'quantity';
  if (schema.enum)
    return schema.enum
      .map((value) => `\`${value}\``)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1');
  if (schema.type === 'array') {
    const { items = {} } = schema;
    const inner = items.enum ? typeText(items) : (items.type ?? '');
    const keys = schema['x-kubernetes-list-map-keys'];
    return `list of ${inner}s${keys ? ` with unique ${keys.join(', ')}` : ''}`;
  }
  if (schema.additionalProperties) return `map of ${schema.additionalProperties.type ?? ''}s`;
  if (schema.pattern?.includes('(h|m|s|ms)') === true) return 'duration';
  return schema.format === 'date-time' ? 'time' : (schema.type ?? '');
}

function limits(schema: DescribedSchema): string[] {
  const { minItems, maxItems, maxProperties, minimum, maximum, minLength, maxLength, pattern, items } =
    schema;
  const isText = schema.type === 'string' && schema.enum === undefined && typeText(schema) === 'string';
  return [
    ...range(minItems, maxItems ?? maxProperties, maxProperties === undefined ? 'items' : 'entries'),
    ...range(minimum, maximum, ''),
    ...(isText ? range(minLength, maxLength, 'characters') : []),
    ...(isText && pattern !== undefined ? [`must match \`${pattern}\``] : []),
    ...(items?.type === 'string' ? limits(items).map((limit) => `each ${limit}`) : []),
    ...defaultText(schema.default),
  ];
}

function range(least: number | undefined, most: number | undefined, unit: string): string[] {
  const figure = (value: number) => value.toLocaleString('en-US');
  if (least === undefined && most === undefined) return [];
  const text =
    least === undefined || (least === 0 && unit !== '')
      ? `at most ${figure(most ?? 0)}`
      : most === undefined
        ? `at least ${figure(least)}`
        : `${figure(least)} to ${figure(most)}`;
  return [unit === '' ? text : `${text} ${unit}`];
}

function defaultText(value: unknown): string[] {
  if (value === undefined || JSON.stringify(value) === '{}') return [];
  return [`default \`${typeof value === 'string' ? value : JSON.stringify(value)}\``];
}

function refusals(rules: readonly ValidationRule[] = []): string[] {
  return rules.map((rule) => `“${escaped(wordsOf(rule))}”`);
}

/** The message; of an expression that makes one, its text with … for what was written. */
function wordsOf({ message = '', messageExpression }: ValidationRule): string {
  if (messageExpression === undefined) return message;
  const parts = messageExpression.matchAll(/'((?:[^'\\]|\\.)*)'|string\(self\)|self(?:\.\w+)?/g);
  return [...parts].map(([, text]) => text ?? '…').join('');
}

/** As Markdown, where * and _ and < would mean something. */
function escaped(text: string): string {
  return text.replaceAll(/[*<]/g, String.raw`\$&`).replaceAll(/\[(?=\]|[a-z])/g, String.raw`\[`);
}

function filters(): string {
  const families = new Map<string, string[]>();
  for (const name of kernelConstants('x64').keys()) {
    const family = /^(SIG|E)(?=[A-Z0-9]+$)/.exec(name)?.[0] ?? name.replace(/_.*/, '');
    families.set(family, [...(families.get(family) ?? []), `\`${name}\``]);
  }
  const alone = [...families.values()].filter((names) => names.length === 1).flat();
  const groups = [...[...families.values()].filter((names) => names.length > 1), alone];
  return `## Filters

[CEL](https://cel.dev) with typed values; what is wrong is refused with its column. A filter names captured fields, \`args\`
with members and indices, \`retval\`, \`duration\` and what every event has: ${BUILTIN_NAMES.map((name) => `\`${name}\``).join(', ')}.
Operators: \`&&\`, \`||\`, \`!\`, \`==\`, \`!=\`, \`<\`, \`<=\`, \`>\`, \`>=\`, \`in\`, \`? :\` and arithmetic. A comparison with a value that
could not be read is false. \`traceprobe check\` shows which parts the kernel decides and which are left to the agent.

- \`has_flags(args.flags, O_CREAT)\`, \`has_flags(args.flags, [O_CREAT, O_TRUNC])\`: all of these bits are set
- \`duration("1ms")\`: with h, m, s, ms, us and ns
- \`comm.startsWith("kworker")\`, \`comm.endsWith("d")\`, \`comm.contains("sh")\`: of strings, and of addresses as their text
- \`comm.matches("^(ba|z)?sh$")\`: a regular expression as RE2 has them
- \`size(comm)\`: of a string or of Bytes, in bytes
- \`double(retval)\`: an integer as a floating-point number

Constants of the kernel's interface, by name:

${groups.map((names) => `- ${names.join(', ')}`).join('\n')}`;
}
