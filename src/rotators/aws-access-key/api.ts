import type { RotationLogin, RotationTarget, RotationWire } from "../../contract/rotator.ts";
import { UnsprawlError } from "../../model/error.ts";
import { sign } from "../../kit/net/sigv4.ts";
import { request } from "../http.ts";
import { addressOf } from "../logins.ts";
import { textOf } from "../reveal.ts";
import { about } from "./about.ts";

/** An answer of IAM or STS. `code` is AWS's own of a refusal; null for a success. */
export type AwsAnswer = { readonly code: string | null; readonly text: string };

/** One call of IAM, or STS's only one here. */
export async function call(
  target: RotationTarget,
  { user: id, secret }: RotationLogin,
  wire: RotationWire,
  action: string,
  parameters: { readonly [name: string]: string } = {},
): Promise<AwsAnswer> {
  const isSts = action === "GetCallerIdentity";
  const { tls, host, port } = addressOf(target);
  const scheme = tls === "disable" ? "http" : "https";
  const name = host.includes(":") ? `[${host}]` : host;
  const url = new URL(`${scheme}://${isSts ? (target.details["sts"] ?? name) : `${name}:${port}`}/`);
  const form = new URLSearchParams({ Action: action, Version: isSts ? "2011-06-15" : "2010-05-08", ...parameters });
  // As a signer at the other end may write it again.
  const body = form.toString().replaceAll("*", "%2A").replaceAll("+", "%20");
  const region = /\bsts\.([a-z]{2}(?:-[a-z]+)+-\d)\./.exec(url.host)?.[1];
  const headers = sign({
    ...{
      method: "POST",
      host: url.host,
      path: "/",
      query: "",
      body: body.toString(),
      id,
      token: null,
      now: new Date(),
    },
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    region: (isSts ? region : undefined) ?? target.details["region"] ?? "us-east-1",
    ...{ service: isSts ? "sts" : "iam", secret: textOf(secret) },
  });
  const answer = await request("AWS", { method: "POST", url, headers, body }, wire);
  if (answer.status < 300) return { code: null, text: answer.text };
  return { code: /<Code>(\w{3,60})<\/Code>/.exec(answer.text)?.[1] ?? `HTTP ${answer.status}`, text: answer.text };
}

/** The texts of all elements with this name. IAM's answers are flat enough for that. */
export function elements(text: string, name: string): readonly string[] {
  return [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map(([, value = ""]) => value);
}

/** The code of an answer that refuses the key itself: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
export function refusesKey(code: string | null): boolean {
  return code === "InvalidClientTokenId" || code === "SignatureDoesNotMatch" || code === "ExpiredToken";
}

export function awsFailure(code: string): UnsprawlError {
  if (/AccessDenied|Unauthorized/.test(code))
    return new UnsprawlError(
      "denied",
      `this login may not change the user's access keys (${code})`,
      `give keys with ${about.needs}`,
    );
  if (refusesKey(code))
    return new UnsprawlError("denied", `AWS refuses the login (${code})`, "give a login that it accepts");
  if (code === "NoSuchEntity") return new UnsprawlError("absent", "AWS has no such access key (NoSuchEntity)");
  if (code === "LimitExceeded")
    return new UnsprawlError(
      "refused",
      "the user has two access keys already (LimitExceeded)",
      "delete the one that is not used",
    );
  return new UnsprawlError(
    code.startsWith("Throttling") ? "throttled" : "failed",
    `AWS did not change the key (${code})`,
  );
}
