import rows from "./gitlab.json" with { type: "json" };
import { crcBase36, gitlabRight } from "./checksum.ts";
import type { Kit } from "./kit.ts";
import { NO_WORDS } from "./marked.ts";
import { byChecksum, shaped, type Rule } from "./rule.ts";
import { table } from "./table.ts";

const GITLAB = "https://docs.gitlab.com/security/tokens/#token-prefixes";

/** GitLab's newer tokens: a payload, its length and a CRC-32 of all that stands before. */
function routable(kit: Kit, prefix: string): string {
  const body = `${prefix}${kit.urlsafe(32)}.01.0w`;
  return body + crcBase36(body);
}

/** A prefix of GitLab's own; an instance may put its own name before it (`acme-glpat-…`). */
function gitlab(
  rule: Pick<Rule, "id" | "description" | "severity"> & {
    readonly prefix: readonly string[];
    readonly body: string;
    readonly make: (kit: Kit) => string;
  },
): Rule {
  const { prefix, body, make, ...rest } = rule;
  return shaped({
    ...rest,
    vendor: "GitLab",
    keywords: prefix,
    pattern: new RegExp(
      `(?<![A-Za-z0-9])(?<secret>(?:${prefix.join("|")})${NO_WORDS}${body})(?![A-Za-z0-9_-]|\\.[0-9a-z]{2}[.0-9a-z])`,
      "d",
    ),
    prefixes: prefix,
    examples: (kit) => prefix.flatMap((text) => [text + make(kit), `acme-${text}${make(kit)}`]),
    counterExamples: () => prefix.flatMap((text) => [text, `${text}xxxxxxxxxxxxxxxxxxxx`]),
    reference: GITLAB,
  });
}

/** GitLab: every kind of token has its own prefix. */
export const GITLAB_RULES: readonly Rule[] = [
  // The newer form first: its tokens begin as the older ones do.
  ...table(rows, {
    "gitlab-routable-token": {
      validate: byChecksum(gitlabRight),
      examples: (kit) => [routable(kit, "glpat-"), routable(kit, "glrt-t1_"), routable(kit, "gldt-")],
    },
  }),
  gitlab({
    id: "gitlab-token",
    description: "GitLab personal, project, group or impersonation access token",
    prefix: ["glpat-"],
    body: "[A-Za-z0-9_-]{20,64}",
    make: (kit) => kit.urlsafe(20),
    severity: "critical",
  }),
  gitlab({
    id: "gitlab-deploy-token",
    description: "GitLab deploy token",
    prefix: ["gldt-"],
    body: "[A-Za-z0-9_-]{20,64}",
    make: (kit) => kit.urlsafe(20),
    severity: "high",
  }),
  gitlab({
    id: "gitlab-runner-token",
    description: "GitLab runner authentication token",
    prefix: ["glrt-", "glrtr-"],
    body: "(?:t\\d_)?[A-Za-z0-9_-]{20,64}",
    make: (kit) => kit.urlsafe(20),
    severity: "high",
  }),
  gitlab({
    id: "gitlab-trigger-token",
    description: "GitLab pipeline trigger token",
    prefix: ["glptt-"],
    body: "[A-Za-z0-9_-]{20,64}",
    make: (kit) => kit.hex(40),
    severity: "high",
  }),
  gitlab({
    id: "gitlab-job-token",
    description: "GitLab CI/CD job token",
    prefix: ["glcbt-"],
    body: "(?:[0-9a-zA-Z]{1,5}_[A-Za-z0-9_-]{20,64}|eyJ[A-Za-z0-9_-]{20,600}\\.[A-Za-z0-9_-]{20,2000}\\.[A-Za-z0-9_-]{20,700})",
    make: (kit) => `${kit.alnum(2)}_${kit.urlsafe(20)}`,
    severity: "medium",
  }),
  gitlab({
    id: "gitlab-agent-token",
    description: "GitLab agent for Kubernetes or workspace token",
    prefix: ["glagent-", "glwt-"],
    body: "[A-Za-z0-9_-]{20,80}",
    make: (kit) => kit.urlsafe(50),
    severity: "critical",
  }),
  gitlab({
    id: "gitlab-scim-token",
    description: "GitLab SCIM token, which creates and deletes accounts",
    prefix: ["glsoat-"],
    body: "[A-Za-z0-9_-]{20,64}",
    make: (kit) => kit.urlsafe(20),
    severity: "critical",
  }),
  gitlab({
    id: "gitlab-oauth-secret",
    description: "GitLab OAuth application secret",
    prefix: ["gloas-"],
    body: "[A-Za-z0-9_-]{64}",
    make: (kit) => kit.urlsafe(64),
    severity: "high",
  }),
  gitlab({
    id: "gitlab-feed-token",
    description: "GitLab feed, incoming mail or feature flag client token",
    prefix: ["glft-", "glimt-", "glffct-"],
    body: "[A-Za-z0-9_-]{20,64}",
    make: (kit) => kit.urlsafe(25),
    severity: "medium",
  }),
];
