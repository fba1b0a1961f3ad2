import type { HttpResponse } from "../../kit/net/http.ts";
import type { VendorRequest, VendorInput, Vendor } from "../vendor.ts";
import { sign } from "../../kit/net/sigv4.ts";
import { inside } from "./make.ts";

const BODY = "Action=GetCallerIdentity&Version=2011-06-15";
const ID = /^(?:AKIA|ASIA)[A-Z2-7]{16}$/;

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html: needs no permission, whatever a policy denies. */
export const AWS: Vendor = {
  id: "aws",
  name: "AWS",
  rules: ["aws-access-key-id", "aws-secret-access-key", "aws-session-token"],
  bases: (given) => [`https://${hostOf(given)}`],
  ask: (given) => {
    const keys = keysOf(given);
    return typeof keys === "string" ? keys : signed(keys);
  },
  // Asked for JSON, it gives that; XML is what is documented.
  read: (answer) => {
    const { status, text } = answer;
    if (status === 200) return isIdentity(answer) ? "live" : "foreign";
    if (status !== 403) return null;
    const code = inside(answer, "Error", "Code") ?? /<Code>([A-Za-z]{3,40})<\/Code>/.exec(text)?.[1];
    // This machine's clock is wrong, then, and the key may be right.
    if (/Signature (?:expired|not yet current)/.test(text)) return null;
    return code === "InvalidClientTokenId" || code === "SignatureDoesNotMatch" || code === "ExpiredToken"
      ? "dead"
      : null;
  },
  own: {
    names:
      /^(?:AWS_ENDPOINT_URL(?:_\w+)?|(?:AWS_)?S3_(?:ENDPOINT|ENDPOINT_URL|URL|HOST)|MINIO_(?:ENDPOINT|URL|HOST))$/i,
    home: "amazonaws.com",
    often: false,
  },
};

function isIdentity(answer: HttpResponse): boolean {
  const account = inside(answer, "GetCallerIdentityResponse", "GetCallerIdentityResult", "Account");
  const inXml = /^\s*(?:<\?xml[^>]*>\s*)?<GetCallerIdentityResponse\b.*<Account>\d{12}<\/Account>/s;
  return typeof account === "string" || inXml.test(answer.text);
}

type AwsKeyPair = { readonly id: string; readonly secret: string; readonly token: string | null };

/** The pair that the secret belongs to: variables with the same beginning of their names, and nothing else. */
function keysOf({ part, name, beside }: VendorInput): AwsKeyPair | string {
  const prefix =
    /^(.*?)_?(?:ACCESS_?KEY_?ID|SECRET_?ACCESS_?KEY|SESSION_?TOKEN|SECURITY_?TOKEN|ACCESS_?KEY|SECRET_?KEY|SECRET)$/i.exec(
      name,
    );
  if (prefix === null) return "needs the other half of the key pair beside it, under names that go together";
  const other = (ends: string): string | null => {
    const start = (prefix[1] ?? "").replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const found = beside(new RegExp(`^${start}_?(?:${ends})$`, "i"));
    return found === null ? null : found.trim();
  };
  const isId = ID.test(part);
  const isToken = part.length > 60;
  const id = isId ? part : other("ACCESS_?KEY_?ID|ACCESS_?KEY|KEY_?ID");
  const secret = isId || isToken ? other("SECRET_?ACCESS_?KEY|SECRET_?KEY|SECRET") : part;
  const token = isToken ? part : other("SESSION_?TOKEN|SECURITY_?TOKEN");
  if (id === null) return "needs the access key id beside it";
  if (!ID.test(id)) return "the access key id beside it is not one of AWS";
  if (secret === null) return "needs the secret access key beside it";
  if (!/^[A-Za-z0-9/+]{40}$/.test(secret)) return "the secret access key beside it is not one of AWS";
  if (id.startsWith("ASIA") && token === null) return "needs the session token beside it";
  return { id, secret, token: id.startsWith("ASIA") ? token : null };
}

function signed({ id, secret, token }: AwsKeyPair): VendorRequest {
  const headers = (url: URL): VendorRequest["headers"] =>
    sign({
      method: "POST",
      host: url.host,
      path: "/",
      query: "",
      headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
      body: BODY,
      region: /\bsts\.([a-z]{2}(?:-[a-z]+)+-\d)\./.exec(url.host)?.[1] ?? "us-east-1",
      service: "sts",
      id,
      secret,
      token,
      now: new Date(),
    });
  const same = [id, secret, token];
  return { method: "POST", path: "/", headers: {}, body: BODY, label: "GetCallerIdentity", signed: { same, headers } };
}

/** China's and the government's partitions know nothing of the others' keys. */
function hostOf({ beside }: VendorInput): string {
  const region = beside(/^AWS_(?:DEFAULT_)?REGION$/i)?.trim() ?? "";
  if (/^cn-[a-z]+-\d$/.test(region)) return `sts.${region}.amazonaws.com.cn`;
  return /^us-gov-[a-z]+-\d$/.test(region) ? `sts.${region}.amazonaws.com` : "sts.amazonaws.com";
}
