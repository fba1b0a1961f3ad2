/** Shannon entropy in bits as gitleaks reckons it: characters are counted, and shared out over the bytes. */
export function shannon(text: string): number {
  const bytes = Buffer.byteLength(text);
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / bytes) * Math.log2(count / bytes);
  return bits;
}
