/** Layout of one tracepoint's record, as tracefs tells it in events/CATEGORY/NAME/format. */
export interface TracepointFormat {
  name: string;
  id: number;
  /** Without the common_ fields that each record has. */
  fields: TracepointField[];
}

export interface TracepointField {
  name: string;
  /** C type of the field or, of an array, of its elements, e.g. `const char *`. */
  type: string;
  /** Bytes from the start of the record. */
  offset: number;
  /** Bytes in the record; 4 for a field that lies elsewhere in it (`location`). */
  size: number;
  signed: boolean;
  array: boolean;
  /**
   * inline: the value is at the offset. dataLoc: a 32-bit word there has offset (low half, from the start of
   * the record) and length. relLoc: likewise, from the end of the word.
   */
  location: 'inline' | 'dataLoc' | 'relLoc';
  /** Names of values, where the format prints the field through __print_symbolic. */
  symbols?: Record<string, bigint>;
  /** The format prints these bytes as an IP address (%pI4, %pI6) or as a struct sockaddr (%pIS). */
  prints?: 'ip' | 'sockaddr';
}

const LINE = /^\s*field:(.+);\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:([01]);)?\s*$/;
const DECLARATION = /^(.*?)([A-Za-z_]\w*)\s*(\[[^\]]*\])?$/;

/** Parses the text of a format file. Lines it does not understand, such as function pointers, are left out. */
export function parseTracepointFormat(text: string): TracepointFormat {
  const print = /^print fmt: (.*)$/ms.exec(text)?.[1] ?? '';
  const symbols = parseSymbols(print);
  const addresses = parseAddresses(print);
  const fields = text.split('\n').flatMap((line): TracepointField[] => {
    const parts = LINE.exec(line);
    const declaration = DECLARATION.exec(parts?.[1]?.trim() ?? '');
    if (parts === null || declaration === null) return [];
    const name = declaration[2] ?? '';
    let type = (declaration[1] ?? '').trim();
    if (name.startsWith('common_') || type === '') return [];
    let location: TracepointField['location'] = 'inline';
    let array = declaration[3] !== undefined;
    const located = /^__(data|rel)_loc\s+(.*)\[\]$/.exec(type);
    if (located !== null) {
      location = located[1] === 'data' ? 'dataLoc' : 'relLoc';
      type = (located[2] ?? '').trim();
      array = true;
    }
    const named = symbols.get(name);
    const printed = addresses.get(name);
    return [
      {
        name,
        type,
        offset: Number(parts[2]),
        size: Number(parts[3]),
        signed: parts[4] === '1',
        array,
        location,
        ...(named === undefined ? {} : { symbols: named }),
        ...(printed === undefined ? {} : { prints: printed }),
      },
    ];
  });
  return {
    name: /^name: (.*)$/m.exec(text)?.[1] ?? '',
    id: Number(/^ID: (\d+)$/m.exec(text)?.[1] ?? 0),
    fields,
  };
}

/** `__print_symbolic(REC->family, { 2, "AF_INET" }, …)` gives names to the values of `family`. */
function parseSymbols(print: string): Map<string, Record<string, bigint>> {
  const found = new Map<string, Record<string, bigint>>();
  for (const call of print.matchAll(/__print_symbolic\(REC->(\w+),\s*((?:\{[^{}]*\}\s*,?\s*)+)\)/g)) {
    const names: Record<string, bigint> = {};
    for (const pair of (call[2] ?? '').matchAll(
      /\{\s*(-?(?:0x[0-9a-f]+|\d+))[uUlL]*\s*,\s*"([^"]*)"\s*\}/gi,
    )) {
      const digits = pair[1] ?? '0';
      names[pair[2] ?? ''] = digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits);
    }
    if (Object.keys(names).length > 0) found.set(call[1] ?? '', names);
  }
  return found;
}

/** Fields whose conversion in the format string is %pI4, %pI6 or %pIS. */
function parseAddresses(print: string): Map<string, 'ip' | 'sockaddr'> {
  const quoted = /^"((?:[^"\\]|\\.)*)"\s*,(.*)$/s.exec(print);
  const found = new Map<string, 'ip' | 'sockaddr'>();
  if (quoted === null) return found;
  const conversions = [
    ...(quoted[1] ?? '').matchAll(/%%|%[-+ #0]*\d*(?:\.\d+)?(p\w*|[hlzjt]*[a-zA-Z])/g),
  ].filter((conversion) => conversion[0] !== '%%');
  const values = splitArguments(quoted[2] ?? '');
  conversions.forEach((conversion, index) => {
    const field = /^REC->(\w+)$/.exec(values[index] ?? '');
    const how = /^pI([46S])/.exec(conversion[1] ?? '')?.[1];
    if (field !== null && how !== undefined) found.set(field[1] ?? '', how === 'S' ? 'sockaddr' : 'ip');
  });
  return found;
}

/** Splits at commas outside brackets and quotes. */
function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"' && text[at - 1] !== '\\') quoted = !quoted;
    else if (quoted) continue;
    else if (character === '(' || character === '{' || character === '[') depth++;
    else if (character === ')' || character === '}' || character === ']') depth--;
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  parts.push(text.slice(start).trim());
  return parts;
}
