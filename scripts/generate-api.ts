/**
 * Generates src/api/gen from crds/traceprobes.yaml: schema.ts, what src/api validates with, and traceProbe.ts, the
 * types; and docs/reference.md. All are checked in; scripts/generate-api.test.ts fails when they drift.
 *
 *     npm run generate:api
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { StructuralSchema } from '../src/api/structuralSchema.ts';
import type { DescribedSchema } from './describedSchema.ts';
import { referencePage } from './referencePage.ts';

interface CustomResourceDefinition {
  spec: {
    group: string;
    names: { kind: string; plural: string };
    versions: { name: string; schema: { openAPIV3Schema: DescribedSchema } }[];
  };
}

/** What structuralSchema.ts knows, so that a new keyword in the CRD cannot be overlooked. */
const keywords = new Set([
  ...[
    'description',
    'type',
    'format',
    'properties',
    'additionalProperties',
    'items',
    'required',
    'default',
    'enum',
  ],
  ...['pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems', 'maxProperties'],
  ...['int-or-string', 'list-type', 'list-map-keys', 'map-type', 'validations'].map(
    (key) => `x-kubernetes-${key}`,
  ),
]);

const header = '// Generated from crds/traceprobes.yaml by scripts/generate-api.ts. Do not edit.\n';

/** The generated files by their path from the repository's root. */
export function generateApi(crdYaml: string): Record<string, string> {
  const crd = parse(crdYaml) as CustomResourceDefinition;
  const [version, ...others] = crd.spec.versions;
  if (version === undefined || others.length > 0) {
    throw new Error('crds/traceprobes.yaml: expected exactly one version');
  }
  const root = version.schema.openAPIV3Schema;
  return {
    'src/api/gen/schema.ts': schemaSource(crd, version.name, root),
    'src/api/gen/traceProbe.ts': typesSource(crd.spec.names.kind, root),
    'docs/reference.md': referencePage(root),
  };
}

function schemaSource(crd: CustomResourceDefinition, version: string, root: DescribedSchema): string {
  const { group, names } = crd.spec;
  const resource = {
    apiVersion: `${group}/${version}`,
    group,
    version,
    kind: names.kind,
    plural: names.plural,
  };
  return [
    header,
    `import type { StructuralSchema } from '../structuralSchema.ts';\n`,
    `export const traceProbeResource = ${JSON.stringify(resource, null, 2)} as const;\n`,
    `export const traceProbeSchema: StructuralSchema = ${JSON.stringify(withoutDescriptions(root, ''), null, 2)};\n`,
  ].join('\n');
}

function withoutDescriptions(schema: DescribedSchema, path: string): StructuralSchema {
  const unknown = Object.keys(schema).find((key) => !keywords.has(key));
  if (unknown !== undefined) {
    throw new Error(`crds/traceprobes.yaml: ${path || '.'}: keyword "${unknown}" is unknown to src/api`);
  }
  const { description, properties, additionalProperties, items, ...rest } = schema;
  if (description === undefined && path !== '.metadata') {
    throw new Error(`crds/traceprobes.yaml: ${path || '.'}: no description`);
  }
  return {
    ...rest,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, value]) => [key, withoutDescriptions(value, `${path}.${key}`)]),
      ),
    }),
    ...(additionalProperties && {
      additionalProperties: withoutDescriptions(additionalProperties, `${path}.*`),
    }),
    ...(items && { items: withoutDescriptions(items, `${path}[]`) }),
  };
}

/**
 * One interface for each object with properties, named after its path (ProbePoint → TraceProbePoint). A property with
 * a default is not optional: a TraceProbe in the program has its defaults applied.
 */
function typesSource(kind: string, root: DescribedSchema): string {
  const interfaces = new Map<string, string>();

  function typeOf(schema: DescribedSchema, name: string): string {
    if (schema['x-kubernetes-int-or-string']) return 'number | string';
    if (schema.enum) return schema.enum.map((value) => `'${value}'`).join(' | ');
    switch (schema.type) {
      case 'string':
        return 'string';
      case 'integer':
        return 'number';
      case 'boolean':
        return 'boolean';
      case 'array': {
        const item = typeOf(schema.items ?? {}, singular(name));
        return item.includes('|') ? `(${item})[]` : `${item}[]`;
      }
      case 'object':
        if (schema.additionalProperties)
          return `Record<string, ${typeOf(schema.additionalProperties, name)}>`;
        return declare(schema, name);
      default:
        throw new Error(`crds/traceprobes.yaml: no type for ${name}`);
    }
  }

  function declare(schema: DescribedSchema, name: string): string {
    // The three label selectors are one type.
    const typeName = name.endsWith('Selector') ? 'LabelSelector' : name;
    if (interfaces.has(typeName)) return typeName;
    interfaces.set(typeName, '');
    const prefix = typeName === kind ? kind : typeName.replace(/Spec$/, '');
    const lines = Object.entries(schema.properties ?? {}).map(([key, property]) => {
      const present = schema.required?.includes(key) === true || property.default !== undefined;
      return `${comment(property, '  ')}  ${key}${present ? '' : '?'}: ${typeOf(property, prefix + capitalised(key))};\n`;
    });
    const about =
      typeName === name
        ? schema
        : { ...schema, description: 'Selects by labels; all requirements must hold.' };
    interfaces.set(typeName, `${comment(about, '')}export interface ${typeName} {\n${lines.join('')}}\n`);
    return typeName;
  }

  const { properties, ...rest } = root;
  // apiVersion, kind and metadata are the same for every object and have a hand-written type.
  const own = Object.entries(properties ?? {}).filter(
    ([key]) => !['apiVersion', 'kind', 'metadata'].includes(key),
  );
  declare({ ...rest, properties: Object.fromEntries(own) }, kind);
  const bodies = [...interfaces.entries()].map(([name, body]) =>
    name === kind
      ? body.replace(`interface ${kind} {`, `interface ${kind} extends KubernetesObject {`)
      : body,
  );
  return [header, `import type { KubernetesObject } from '../kubernetesObject.ts';\n`, ...bodies].join('\n');
}

function comment(schema: DescribedSchema, indent: string): string {
  const text = schema.description ?? '';
  const value = schema.default;
  const hasDefault = value !== undefined && JSON.stringify(value) !== '{}';
  const body = hasDefault
    ? `${text} Default: ${typeof value === 'string' ? value : JSON.stringify(value)}.`
    : text;
  // A description may hold a path pattern such as /var/log/**/*.log.
  const words = body.replaceAll('*/', '*\\/').split(' ');
  const lines = [''];
  for (const word of words) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && `${indent} * ${line} ${word}`.length > 110) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  const [first] = lines;
  if (lines.length === 1 && first !== undefined && first.length < 100) return `${indent}/** ${first} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}

const capitalised = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1);

function singular(name: string): string {
  return name.endsWith('s') ? name.slice(0, -1) : name;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = new URL('../', import.meta.url);
  const files = generateApi(await readFile(new URL('crds/traceprobes.yaml', root), 'utf8'));
  for (const [path, source] of Object.entries(files)) await writeFile(new URL(path, root), source);
}
