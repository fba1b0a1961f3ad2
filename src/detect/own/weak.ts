/**
 * What gitleaks takes a value for where it wants one of another kind, so that its files are read as it reads them: 12
 * for "12", "3.5" for 3.5. What it refuses comes back as it was given.
 */
export function weakText(given: unknown): unknown {
  if (typeof given === "boolean") return given ? "1" : "0";
  return typeof given === "number" ? String(given) : given;
}

/** A text is a list with commas, an empty one no list at all. */
export function listParts(given: unknown): readonly unknown[] {
  if (typeof given === "string") return given === "" ? [] : given.split(",");
  return [given];
}

/** Null for what asks for nothing: below zero, and no number at all. */
export function weakNumber(given: unknown): unknown {
  const number = typeof given === "boolean" ? Number(given) : typeof given === "string" ? numberIn(given) : given;
  return typeof number === "number" && !(number > 0) ? null : number;
}

export function weakFlag(given: unknown): unknown {
  if (typeof given === "number") return given !== 0;
  if (typeof given !== "string") return given;
  if (/^(?:1|t|T|TRUE|true|True)$/.test(given)) return true;
  return /^(?:0|f|F|FALSE|false|False|)$/.test(given) ? false : given;
}

function numberIn(text: string): unknown {
  const number = Number(text);
  return Number.isNaN(number) || text.trim() !== text ? text : number;
}
