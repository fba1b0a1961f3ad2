import rows from "./vcs.json" with { type: "json" };
import { table } from "./table.ts";
import { atlassianRight, crcHex, crcRight } from "./checksum.ts";
import { byChecksum, type Rule } from "./rule.ts";

/** Source hosting: GitHub, Bitbucket, Atlassian, Gitea, Azure DevOps, Sourcegraph; GitLab has a separate file. */
export const VCS: readonly Rule[] = table(rows, {
  "github-token": {
    validate: byChecksum(crcRight),
  },
  "bitbucket-app-password": {
    make: (kit) => {
      const body = kit.base62(24);
      return body + crcHex(`ATBB${body}`).toUpperCase();
    },
    validate: byChecksum(atlassianRight),
  },
  "bitbucket-access-token": {
    make: (kit) => {
      const body = `GN0${kit.urlsafe(160)}=`;
      return body + crcHex(`ATCTT3xFf${body}`).toUpperCase();
    },
    validate: byChecksum(atlassianRight),
  },
  "atlassian-api-token": {
    make: (kit) => {
      const body = `GF0${kit.urlsafe(171)}=`;
      return body + crcHex(`ATATT3xFf${body}`).toUpperCase();
    },
    validate: byChecksum(atlassianRight),
  },
  "bitbucket-data-center-token": {
    make: (kit) => dataCenter(kit.digits(12), kit.base62(20)),
  },
  "atlassian-data-center-token": {
    make: (kit) => dataCenter(kit.digits(12), kit.base62(20)),
  },
});

/** Twelve digits, a colon and twenty bytes, in base64. */
function dataCenter(digits: string, rest: string): string {
  return Buffer.from(`${digits}:${rest}`, "latin1").toString("base64");
}
