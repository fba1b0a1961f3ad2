import { crcBase62 } from "./kit.ts";
import { named, prefixed, shaped, type Rule } from "./rule.ts";

/** GitHub and npm end a token in a CRC-32 of the thirty characters before it. */
export function crcRight(secret: string): "right" | "wrong" {
  const body = secret.slice(secret.indexOf("_") + 1);
  return crcBase62(body.slice(0, 30)) === body.slice(30) ? "right" : "wrong";
}

const GITHUB =
  "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github";
const GITLAB = "https://docs.gitlab.com/security/tokens/";
const BITBUCKET = "https://support.atlassian.com/bitbucket-cloud/docs/using-access-tokens/";

/** Source hosting: GitHub, GitLab, Bitbucket, Atlassian, Gitea, Sourcegraph. */
export const VCS: readonly Rule[] = [
  prefixed({
    id: "github-token",
    vendor: "GitHub",
    description: "GitHub access token (personal, OAuth, user-to-server, server-to-server or refresh)",
    prefix: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
    body: "[A-Za-z0-9]{36}",
    make: (kit) => kit.withCrc(""),
    validate: crcRight,
    severity: "critical",
    reference: GITHUB,
  }),
  prefixed({
    id: "github-fine-grained-token",
    vendor: "GitHub",
    description: "GitHub fine-grained personal access token",
    prefix: ["github_pat_"],
    body: "[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
    make: (kit) => `${kit.base62(22)}_${kit.base62(59)}`,
    severity: "critical",
    reference: GITHUB,
  }),
  prefixed({
    id: "gitlab-token",
    vendor: "GitLab",
    description: "GitLab access, deploy, runner, trigger, feed, agent or job token",
    prefix: [
      "glpat-",
      "gldt-",
      "glrt-",
      "glptt-",
      "glft-",
      "glsoat-",
      "glcbt-",
      "glimt-",
      "glagent-",
      "gloas-",
      "glffct-",
    ],
    body: "[A-Za-z0-9_.-]{20,300}",
    make: (kit) => kit.urlsafe(20),
    severity: "critical",
    reference: GITLAB,
  }),
  prefixed({
    id: "gitlab-runner-registration-token",
    vendor: "GitLab",
    description: "GitLab runner registration token",
    prefix: ["GR1348941"],
    body: "[A-Za-z0-9_-]{20,50}",
    make: (kit) => kit.urlsafe(20),
    reference: GITLAB,
  }),
  prefixed({
    id: "bitbucket-app-password",
    vendor: "Atlassian",
    description: "Bitbucket app password",
    prefix: ["ATBB"],
    body: "[A-Za-z0-9]{24}[0-9A-F]{8}",
    make: (kit) => kit.base62(24) + kit.hex(8).toUpperCase(),
    reference: "https://support.atlassian.com/bitbucket-cloud/docs/app-passwords/",
  }),
  prefixed({
    id: "bitbucket-access-token",
    vendor: "Atlassian",
    description: "Bitbucket repository, project or workspace access token",
    prefix: ["ATCTT3xFf"],
    body: "[A-Za-z0-9+/=_-]{40,400}",
    make: (kit) => kit.urlsafe(170),
    reference: BITBUCKET,
  }),
  prefixed({
    id: "atlassian-api-token",
    vendor: "Atlassian",
    description: "Atlassian account API token",
    prefix: ["ATATT3xFf"],
    body: "[A-Za-z0-9+/=_-]{60,400}",
    make: (kit) => kit.urlsafe(183),
    reference: "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/",
  }),
  named({
    id: "gitea-token",
    vendor: "Gitea",
    description: "Gitea or Forgejo access token",
    keywords: ["gitea", "forgejo"],
    names: /(?:gitea|forgejo)_(?:[a-z]{1,20}_)?(?:token|secret)/,
    shape: "[0-9a-f]{40}",
    as: "GITEA_TOKEN",
    make: (kit) => kit.hex(40),
    reference: "https://docs.gitea.com/development/api-usage",
  }),
  prefixed({
    id: "sourcegraph-token",
    vendor: "Sourcegraph",
    description: "Sourcegraph access token",
    prefix: ["sgp_"],
    body: "(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}",
    make: (kit) => kit.hex(40),
    reference: "https://sourcegraph.com/docs/cli/how-tos/creating_an_access_token",
  }),
  shaped({
    id: "azure-devops-token",
    vendor: "Microsoft",
    description: "Azure DevOps personal access token",
    keywords: ["azdo"],
    pattern: /(?<![A-Za-z0-9])(?<secret>[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4})(?![A-Za-z0-9])/d,
    examples: (kit) => [`${kit.base62(76)}AZDO${kit.base62(4)}`],
    counterExamples: (kit) => [`${kit.base62(40)}AZDO`],
    reference:
      "https://learn.microsoft.com/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate",
  }),
];
