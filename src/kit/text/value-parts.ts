/** The parts of a structured value that are secret by themselves; of a document, texts from this length on. */
export function partsOf(text: string, distinctive: number): string[] {
  const parts: string[] = [];
  for (const match of text.slice(0, 1 << 20).matchAll(/:\/\/[^\s:@/]*:([^\s/]{3,500})@/g)) {
    const password = match[1] ?? "";
    parts.push(password, decoded(password));
  }
  if (/^\s*[[{]/.test(text)) {
    try {
      JSON.parse(text, (_key, leaf: unknown) => {
        if (typeof leaf === "string" && leaf.length >= distinctive) parts.push(leaf);
        return leaf;
      });
    } catch {
      // Not JSON: only the whole value is added.
    }
  }
  return parts;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
