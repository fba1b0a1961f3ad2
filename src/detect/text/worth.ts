import { mnemonic } from "../names/named.ts";
import { readName } from "../names/names.ts";

/** A short word without a mark, under a name that says nothing of it: half of what a settings file holds. */
export function saysNothing(name: string, value: string): boolean {
  return value.length <= 8 && /^[\w.~^*-]*$/.test(value) && readName(name).family === null;
}

/** In code most names say nothing, and most strings hold nothing. */
export function isWorthIt(name: string, value: string): boolean {
  const { family, setting } = readName(name);
  if (family !== null) return setting === null || value.length > 11;
  if (value.length > 15 && /key|token|secret|dsn|hook|url|conn|pgpass|sessid/i.test(name) && !value.includes(" "))
    return true;
  if (/wallet|words/i.test(name) && mnemonic(value)) return true;
  if (/users?$/i.test(name) && /\w:\S{6}/.test(value)) return true;
  if (value.length > 23 && /b64|base64|encoded|blob|payload|bootstrap|userdata|ci[._]?vars|_gz$|[a-z]Gz$/i.test(name))
    return true;
  if (value.length > 15 && /header|auth/i.test(name) && /[:=]|^(?:token|bearer|basic)\s/i.test(value)) return true;
  return /^(?:eyJ|H4sI|base64:|jdbc:|machine\s|[[{]|-{1,2}[A-Za-z])|[:/][^\s@/]{3,60}@[\w.-]{1,80}:\d|:\/\/[^\s/@]{1,200}@|(?:pass|pwd|secret|token|key|auth|cred)\w{0,20}["'\]]{0,2}\s?[=:>]|\bidentified\sby\s|\bpassword\s|\bdefine\(/i.test(
    value,
  );
}
