/** What one look at the machine found. */
export interface Finding {
  /** What was looked at. */
  name: string;
  /** ok; limited: something does not work, other things do; missing: nothing works without it. */
  status: 'ok' | 'limited' | 'missing';
  /** What was found, in a few words. */
  found: string;
  /** What follows from it and what to do; undefined when all is well. */
  consequence: string | undefined;
}

export interface FindingGroup {
  title: string;
  findings: Finding[];
}

export function ok(name: string, found: string): Finding {
  return { name, status: 'ok', found, consequence: undefined };
}

export function limited(name: string, found: string, consequence: string): Finding {
  return { name, status: 'limited', found, consequence };
}

export function missing(name: string, found: string, consequence: string): Finding {
  return { name, status: 'missing', found, consequence };
}
