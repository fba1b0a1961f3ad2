/** An error that the server answered with; the first word is its code. Servers word it, and none quotes a password. */
export class RespError {
  readonly said: string;

  constructor(said: string) {
    this.said = said;
  }
}

/** What Redis answers, in RESP2: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
export type RespValue = string | number | null | RespError | readonly RespValue[];

/** The first whole answer in these bytes and where it ends; null if more is to come. Throws for what is no RESP. */
export function readResp(bytes: Buffer, at = 0): { readonly value: RespValue; readonly end: number } | null {
  const lineEnd = bytes.indexOf("\r\n", at);
  if (lineEnd < 0) return null;
  const [kind, rest] = [String.fromCharCode(bytes[at] ?? 0), bytes.toString("utf8", at + 1, lineEnd)];
  const end = lineEnd + 2;
  if (kind === "+") return { value: rest, end };
  if (kind === "-") return { value: new RespError(rest), end };
  const count = Number(rest);
  if (!Number.isInteger(count)) throw new Error("not RESP");
  if (kind === ":") return { value: count, end };
  if (count < 0) return { value: null, end };
  if (kind === "$") {
    if (bytes.length < end + count + 2) return null;
    return { value: bytes.toString("utf8", end, end + count), end: end + count + 2 };
  }
  if (kind !== "*") throw new Error("not RESP");
  const values: RespValue[] = [];
  let next = end;
  for (let index = 0; index < count; index++) {
    const one = readResp(bytes, next);
    if (one === null) return null;
    values.push(one.value);
    next = one.end;
  }
  return { value: values, end: next };
}
