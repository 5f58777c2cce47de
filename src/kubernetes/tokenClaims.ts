/** What a token says of itself. Unverified: only for refusing early, for words, and for the expiry of a token that was reviewed. */
export interface TokenClaims {
  subject: string;
  audiences: string[];
  /** Milliseconds since the epoch; undefined: never. */
  expires: number | undefined;
}

/** No service account token comes near it. */
const maxLength = 16 * 1024;

/** The claims of a JSON Web Token; undefined: it is none. */
export function tokenClaims(token: string): TokenClaims | undefined {
  const payload = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(token.slice(0, maxLength + 1))?.[1];
  if (payload === undefined || token.length > maxLength) return undefined;
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  } catch {
    return undefined;
  }
  if (typeof claims !== 'object' || claims === null) return undefined;
  const { sub, aud, exp } = claims as Record<string, unknown>;
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((each) => typeof each === 'string');
  return {
    subject: typeof sub === 'string' ? sub : '',
    audiences,
    expires: typeof exp === 'number' ? exp * 1000 : undefined,
  };
}
