/** A text of at most `maxBytes` bytes of UTF-8, cut between characters, with … where something is missing. */
export function cutText(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const bytes = Buffer.from(text).subarray(0, maxBytes - 3);
  // A character that was cut through decodes as U+FFFD when streamed to its end, as nothing when not.
  return `${new TextDecoder().decode(bytes, { stream: true })}…`;
}
