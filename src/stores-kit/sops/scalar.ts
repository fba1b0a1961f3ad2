import type { Plaintext } from "./cipher.ts";

const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/;
const FLOAT = /^[-+]?(\.\d+|\d+(\.\d*)?)(e[-+]?\d+)?$/i;
const INTEGER = /^[-+]?(0b[01]+|0o?[0-7]+|0x[\da-f]+|0|[1-9]\d*)$/i;

/**
 * What go-yaml v3, the parser of sops, makes of an unquoted scalar, in the text form that goes into the MAC; null for
 * null, which SOPS neither encrypts nor counts (go-yaml resolve.go; getsops/sops `ToBytes`).
 */
export function plainScalar(text: string): Plaintext | null {
  const as = (type: string, value: string): Plaintext => ({ type, bytes: Buffer.from(value, "utf8") });
  if (/^(~|null|Null|NULL|)$/.test(text)) return null;
  if (/^(true|True|TRUE)$/.test(text)) return as("bool", "True");
  if (/^(false|False|FALSE)$/.test(text)) return as("bool", "False");
  const bare = text.replaceAll("_", "");
  if (INTEGER.test(bare)) return as("int", integer(bare));
  if (FLOAT.test(bare)) return as("float", decimal(Number(bare)));
  if (/^[-+]?\.(inf|Inf|INF)$/.test(text)) return as("float", text.startsWith("-") ? "-Inf" : "+Inf");
  if (/^\.(nan|NaN|NAN)$/.test(text)) return as("float", "NaN");
  if (TIME.test(text)) return as("time", text.length === 10 ? `${text}T00:00:00Z` : text);
  return as("str", text);
}

function integer(text: string): string {
  const negative = text.startsWith("-");
  const digits = text.replace(/^[-+]/, "");
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase());
  return (negative ? -value : value).toString();
}

/** The shortest decimal form without an exponent, as Go's FormatFloat(x, 'f', -1, 64). */
function decimal(value: number): string {
  const [mantissa = "", exponent] = String(value).split("e");
  if (exponent === undefined) return mantissa;
  const sign = mantissa.startsWith("-") ? "-" : "";
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, "0").slice(0, point)}${digits.length > point ? `.${digits.slice(point)}` : ""}`;
}

/**
 * What sops makes of an unquoted JSON value: every number is a float64 (getsops/sops stores/json/store.go, Go's
 * encoding/json `Token`); null for null. `spelt` is the value as the file has it.
 */
export function jsonScalar(value: unknown, spelt: string): Plaintext | null {
  const as = (type: string, text: string): Plaintext => ({ type, bytes: Buffer.from(text, "utf8") });
  if (value === null) return null;
  if (typeof value === "boolean") return as("bool", value ? "True" : "False");
  if (typeof value === "number") return as("float", Object.is(Number(spelt), -0) ? "-0" : decimal(Number(spelt)));
  return as("str", typeof value === "string" ? value : spelt);
}
