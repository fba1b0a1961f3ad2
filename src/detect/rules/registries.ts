import rows from "./registries.json" with { type: "json" };
import { table } from "./table.ts";
import { crcRight } from "./checksum.ts";
import { byChecksum, byFormat, type Rule } from "./rule.ts";

/** Artifactory's reference tokens are text in base64: their kind, their age and a random part. */
const reftkn = (secret: string): "right" | "fake" =>
  /^reftkn:\d\d:\d{10}:[A-Za-z0-9]{20,40}$/.test(Buffer.from(secret, "base64").toString()) ? "right" : "fake";

/** Package and image registries. */
export const REGISTRIES: readonly Rule[] = table(rows, {
  "npm-token": {
    validate: byChecksum(crcRight),
  },
  "docker-auth": {
    examples: (kit) => [
      JSON.stringify({
        auths: { "https://index.docker.io/v1/": { auth: Buffer.from(`me:${kit.base62(20)}`).toString("base64") } },
      }),
    ],
  },
  "artifactory-reference-token": {
    make: (kit) =>
      Buffer.from(`reftkn:01:17${kit.digits(8)}:${kit.base62(27)}`)
        .toString("base64")
        .slice(10),
    validate: byFormat(reftkn),
  },
});
