/**
 * Which files a pattern means: those below `root`, `depth` directories further down, whose name begins with `prefix` and
 * ends with `suffix`. It is this plain so that the kernel can decide it from a directory's depth and a name's two ends.
 */
export interface PathPattern {
  /** Absolute path of a directory, without wildcards and without a slash at its end. */
  root: string;
  /** Directories between root and file, of whatever names: a number of them, or any number, none included. */
  depth: number | 'any';
  prefix: string;
  suffix: string;
  /** The name is `prefix` and nothing else (there was no * in it). */
  exact: boolean;
}

/** Longest file name that Linux knows (NAME_MAX), in bytes. */
const longestName = 255;

/**
 * The meaning of a pattern: literal directories, then any number of directories `*` or one `**`, then a file name with at
 * most one `*`. Throws a TypeError that says what to write instead when it is of another shape.
 */
export function parsePathPattern(pattern: string): PathPattern {
  const refuse = (reason: string): TypeError =>
    new TypeError(`pattern ${JSON.stringify(pattern)} cannot be watched: ${reason}`);
  if (!pattern.startsWith('/')) throw refuse('it must begin with /');
  const special = /[[\]{}?\\\0]/.exec(pattern)?.[0];
  if (special !== undefined) {
    throw refuse(
      `${JSON.stringify(special)} is not supported; only * and ** are: write one pattern for each alternative`,
    );
  }
  const components = pattern.slice(1).split('/');
  const name = components.pop() ?? '';
  if (name === '') throw refuse('it names a directory: add the files in it, such as *.log');
  if (components.includes('')) throw refuse('it has an empty component: write a single / between names');
  if ([...components, name].some((component) => component === '.' || component === '..')) {
    throw refuse('it must not contain . and ..: write the path without them');
  }
  if (name === '**') throw refuse('** stands for directories: write **/* for all files below them');
  if ([...components, name].some((component) => Buffer.byteLength(component) > longestName)) {
    throw refuse(`a name in it has more than ${longestName} bytes: no file has`);
  }

  const firstWildcard = components.findIndex((component) => component.includes('*'));
  const literals = firstWildcard < 0 ? components : components.slice(0, firstWildcard);
  const wildcards = components.slice(literals.length);
  if (literals.length === 0) {
    throw refuse('it would watch the whole file system: begin with a directory, such as /var/log');
  }
  const [prefix = '', suffix = '', ...more] = name.split('*');
  if (more.length > 0) throw refuse('a file name may have one *: write PREFIX*SUFFIX, such as app-*.log');
  const exact = !name.includes('*');
  return { root: `/${literals.join('/')}`, depth: depthOf(wildcards, refuse), prefix, suffix, exact };
}

function depthOf(wildcards: string[], refuse: (reason: string) => TypeError): number | 'any' {
  const partial = wildcards.find((component) => component.includes('*') && !/^\*\*?$/.test(component));
  if (partial !== undefined) {
    throw refuse(`directory ${JSON.stringify(partial)} is a name in part: write * or ** for the whole name`);
  }
  const literal = wildcards.find((component) => !component.includes('*'));
  if (literal !== undefined) {
    throw refuse(
      `directory ${JSON.stringify(literal)} comes after a wildcard: name directories first, or write * or ** for it too`,
    );
  }
  if (!wildcards.includes('**')) return wildcards.length;
  if (wildcards.length > 1) {
    throw refuse('** stands for any number of directories already: write it once, without * beside it');
  }
  return 'any';
}

/** Whether a pattern means the file at this path below its root, such as `default_web-0/web/0.log`. */
export function matchesPathPattern(pattern: PathPattern, relativePath: string): boolean {
  const directories = relativePath.split('/');
  const name = directories.pop() ?? '';
  if (pattern.depth !== 'any' && pattern.depth !== directories.length) return false;
  if (pattern.exact) return name === pattern.prefix;
  return (
    name !== '' &&
    name.length >= pattern.prefix.length + pattern.suffix.length &&
    name.startsWith(pattern.prefix) &&
    name.endsWith(pattern.suffix)
  );
}
