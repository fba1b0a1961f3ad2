/** What a regular expression, a template, a format or code has, and random text hardly. */
const WRITTEN =
  /\s|[A-Za-z0-9]-[A-Za-z0-9]\]|\(\?|\\[wdsbnrt]|\{\d|\$\{|\{\{|<%|%[sdvif]\b|:\/\/|=>|->|<\/|&&|\|\||\w\([\w.]*\)/;

/** Characters of every kind, as a generator of passwords draws them, or WordPress its keys and salts. */
export function isNoise(value: string): boolean {
  const long = value.length >= 32;
  if (value.length < 12 || (long ? LONG_WRITTEN : WRITTEN).test(value)) return false;
  const marks = new Set(value.replace(/\w/g, "")).size;
  const least = long ? 3 : 1;
  if (!long && marks >= 8 && /[a-z]/.test(value) && /[A-Z]/.test(value)) return true;
  return marks >= (long ? 10 : 4) && KINDS.every((kind) => (value.match(kind) ?? []).length >= least);
}

/** The same where chance writes some of it. */
const LONG_WRITTEN = /\s|[A-Za-z0-9]-[A-Za-z0-9]\]|\(\?|\\[wdsb]|\{\d/;

const KINDS = [/[a-z]/g, /[A-Z]/g, /\d/g];
