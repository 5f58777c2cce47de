/** Which object or collection of the API server. */
export interface ResourcePath {
  /** Left out: the core group. */
  group?: string;
  version: string;
  /** In plural and lower case, such as "pods". */
  resource: string;
  /** Left out: cluster-scoped, or of all namespaces. */
  namespace?: string;
  /** Left out: the collection. */
  name?: string;
  subresource?: string;
}

/** The path of its URL. */
export function resourcePath({
  group,
  version,
  resource,
  namespace,
  name,
  subresource,
}: ResourcePath): string {
  const segments = group === undefined ? ['api', version] : ['apis', group, version];
  if (namespace !== undefined) segments.push('namespaces', namespace);
  segments.push(resource);
  if (name !== undefined) segments.push(name);
  if (subresource !== undefined) segments.push(subresource);
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
}
