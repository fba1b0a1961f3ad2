import { createHash, createHmac } from "node:crypto";

export type Signing = {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** As in the URL, sorted. */
  readonly query: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  readonly region: string;
  readonly service: string;
  readonly id: string;
  readonly secret: string;
  readonly token: string | null;
  readonly now: Date;
};

/** The headers of a request signed by AWS Signature Version 4; the secret itself is not among them. */
export function sign(request: Signing): { readonly [name: string]: string } {
  const { method, host, path, query, body, region, service, id, secret, token, now } = request;
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, "");
  const day = time.slice(0, 8);
  const headers: { [name: string]: string } = { ...request.headers, host, "x-amz-date": time };
  if (token !== null) headers["x-amz-security-token"] = token;
  const names = Object.keys(headers).sort();
  const canonical = [method, path, query, ...names.map((name) => `${name}:${headers[name] ?? ""}`), ""]
    .concat([names.join(";"), sha256(body)])
    .join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  const signature = hmac(key, ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n")).toString("hex");
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
