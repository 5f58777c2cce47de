import { forbidden, invalid, required, wrongType, type Refusal } from './refusal.ts';
import { isObject } from './schemaNodes.ts';

/**
 * What the API server checks of a cluster-scoped object's metadata before its schema, as far as a file can get it
 * wrong: name, namespace, labels and annotations (k8s.io/apimachinery pkg/util/validation). A name or value of the
 * wrong type is left to the schema.
 */
export function metadataRefusals(document: Record<string, unknown>): Refusal[] {
  const metadata = isObject(document['metadata']) ? document['metadata'] : {};
  return [
    ...nameRefusals(metadata),
    ...(metadata['namespace'] === undefined
      ? []
      : [forbidden(['metadata', 'namespace'], 'not allowed on this type')]),
    ...stringMapRefusals(metadata, 'labels'),
    ...stringMapRefusals(metadata, 'annotations'),
  ];
}

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const qualifiedName = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const subdomainDetail =
  'a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, ' +
  "'-' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'example.com', regex used for validation is '${subdomain}')`;

const qualifiedNameDetail =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualifiedName}')`;

const labelValueDetail =
  'a valid label must be an empty string or consist of alphanumeric characters, ' +
  "'-', '_' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${qualifiedName})?')`;

function nameRefusals(metadata: Record<string, unknown>): Refusal[] {
  const path = ['metadata', 'name'];
  const { name } = metadata;
  if (name === undefined || name === '') return [required(path, 'name or generateName is required')];
  if (typeof name !== 'string') return [];
  return matches(subdomain, name) ? [] : [invalid(path, name, subdomainDetail)];
}

function stringMapRefusals(metadata: Record<string, unknown>, field: 'labels' | 'annotations'): Refusal[] {
  const path = ['metadata', field];
  const map = metadata[field];
  if (map === undefined) return [];
  if (!isObject(map)) return [wrongType(path, 'object', Array.isArray(map) ? 'array' : typeof map)];
  return Object.entries(map).flatMap(([key, value]) => {
    const keyDetail = qualifiedNameProblem(field === 'annotations' ? key.toLowerCase() : key);
    return [
      ...(keyDetail === undefined ? [] : [{ ...invalid(path, key, keyDetail), path: [...path, key] }]),
      ...(field === 'labels' && typeof value === 'string' ? labelValueRefusals([...path, key], value) : []),
      ...(typeof value === 'string' ? [] : [wrongType([...path, key], 'string', typeof value)]),
    ];
  });
}

/** The API server names only metadata.labels; the position is that of the value. */
function labelValueRefusals(path: string[], value: string): Refusal[] {
  const map = path.slice(0, -1);
  if (value.length > 63) return [{ ...invalid(map, value, 'must be no more than 63 bytes'), path }];
  return matches(`(${qualifiedName})?`, value) ? [] : [{ ...invalid(map, value, labelValueDetail), path }];
}

function qualifiedNameProblem(key: string): string | undefined {
  const [first = '', second, ...more] = key.split('/');
  if (more.length > 0) {
    return `a qualified name ${qualifiedNameDetail} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
  }
  const name = second ?? first;
  if (second !== undefined && first === '') return 'prefix part must be non-empty';
  if (second !== undefined && !matches(subdomain, first)) return `prefix part ${subdomainDetail}`;
  if (name === '') return 'name part must be non-empty';
  if (name.length > 63) return 'name part must be no more than 63 bytes';
  return matches(qualifiedName, name) ? undefined : `name part ${qualifiedNameDetail}`;
}

const matches = (pattern: string, text: string): boolean => new RegExp(`^(?:${pattern})$`).test(text);
