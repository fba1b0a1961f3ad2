import type { RotationEvidence, RotationTarget } from "../../contract/rotator.ts";
import { heldText, textBeside } from "../reveal.ts";
import { about } from "./about.ts";

const SECRET_NAME = /^(.*?)_?(?:SECRET_?ACCESS_?KEY|SECRET_?KEY|SECRET)$/i;
/** Long-lived keys of users; those of roles begin with ASIA and end by themselves. */
const USERS_KEY = /^AKIA[A-Z2-7]{16}$/;

/** The key pair that a secret access key belongs to, and where its IAM is. */
export function keyTarget(evidence: RotationEvidence): RotationTarget | string | null {
  const held = heldText(evidence);
  const start = SECRET_NAME.exec(evidence.name)?.[1];
  if (held === null || start === undefined || !/^[A-Za-z0-9/+]{40}$/.test(held.part)) return null;
  const escaped = start.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const idName = new RegExp(`^${escaped}_?(?:ACCESS_?KEY_?ID|ACCESS_?KEY|KEY_?ID)$`, "i");
  const pair = textBeside(evidence, idName);
  const id = pair?.text ?? "";
  if (pair === null) return /AWS/i.test(evidence.name) ? "needs the access key id beside it" : null;
  if (id.startsWith("ASIA")) return "is temporary: it ends by itself";
  if (!USERS_KEY.test(id)) return /AWS/i.test(evidence.name) ? "the access key id beside it is not one of AWS" : null;
  const other = held.beside(/^(?:(?:AWS_)?S3_(?:ENDPOINT|ENDPOINT_URL|URL|HOST)|AWS_ENDPOINT_URL_S3|MINIO_\w+)$/i);
  if (other !== null && !/amazonaws\.com(?:\.cn)?\b/i.test(other))
    return "another variable names a server that is not AWS";
  const region = held.beside(/^AWS_(?:DEFAULT_)?REGION$/i) ?? "";
  const named = held.beside(/^AWS_ENDPOINT_URL(?:_IAM)?$/i) ?? "";
  const [iam, sts] = named === "" ? endpoints(region) : [named, named];
  const url = URL.parse(iam);
  if (url === null || !/^https?:$/.test(url.protocol)) return "its AWS_ENDPOINT_URL is not a URL";
  const secure = url.protocol === "https:";
  return {
    rotator: about.id,
    at: {
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: Number(url.port || (secure ? 443 : 80)),
      tls: secure ? "verify-full" : "disable",
    },
    ...{ login: id, database: "", pair: pair.name, previous: null },
    details: { sts: new URL(sts).host, region: signing(region) },
  };
}

/** IAM and STS of a partition: https://docs.aws.amazon.com/general/latest/gr/iam-service.html */
function endpoints(region: string): readonly [iam: string, sts: string] {
  if (/^cn-[a-z]+-\d$/.test(region))
    return ["https://iam.cn-north-1.amazonaws.com.cn", `https://sts.${region}.amazonaws.com.cn`];
  if (/^us-gov-[a-z]+-\d$/.test(region))
    return ["https://iam.us-gov.amazonaws.com", `https://sts.${region}.amazonaws.com`];
  return ["https://iam.amazonaws.com", "https://sts.amazonaws.com"];
}

/** The region that requests to IAM are signed for. */
function signing(region: string): string {
  if (region.startsWith("cn-")) return "cn-north-1";
  return region.startsWith("us-gov-") ? "us-gov-west-1" : "us-east-1";
}
