import { atlassianRight, crcHex, crcRight } from "./checksum.ts";
import { prefixed } from "./marked.ts";
import { MIXED } from "./proofs.ts";
import { named, shaped, type Rule } from "./rule.ts";

const GITHUB =
  "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github";
const BITBUCKET = "https://support.atlassian.com/bitbucket-cloud/docs/access-tokens/";
const ATLASSIAN = "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/";
const JIRA = "https://confluence.atlassian.com/enterprise/using-personal-access-tokens-1026032365.html";

/** Source hosting: GitHub, Bitbucket, Atlassian, Gitea, Azure DevOps, Sourcegraph; GitLab has a file of its own. */
export const VCS: readonly Rule[] = [
  prefixed({
    id: "github-token",
    vendor: "GitHub",
    description: "GitHub access token (personal, OAuth, user-to-server, server-to-server or refresh)",
    prefix: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
    body: "(?:[A-Za-z0-9]{36}|[A-Za-z0-9]{76})",
    make: (kit) => kit.withCrc(""),
    validate: crcRight,
    severity: "critical",
    reference: GITHUB,
  }),
  prefixed({
    id: "github-app-token",
    vendor: "GitHub",
    description: "GitHub App installation token of the newer, stateless form",
    prefix: ["ghs_"],
    body: "\\d{1,12}_eyJ[A-Za-z0-9_-]{10,600}\\.eyJ[A-Za-z0-9_-]{10,2000}\\.[A-Za-z0-9_-]{20,700}",
    make: (kit) => `${kit.digits(6)}_${kit.jwt()}`,
    severity: "critical",
    reference: "https://github.blog/changelog/2026-05-15-github-app-installation-tokens-per-request-override-header/",
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
  named({
    id: "github-legacy-token",
    vendor: "GitHub",
    description: "GitHub token from before 2021, or OAuth app secret",
    keywords: ["github", "gh_"],
    names: /(?:github|(?:^|_)gh)_(?:[a-z]{1,20}_){0,3}(?:token|pat|secret)(?:_|$)/,
    shape: "[0-9a-f]{40}",
    as: "GITHUB_TOKEN",
    make: (kit) => kit.hex(40),
    severity: "critical",
    reference: "https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps",
  }),
  named({
    id: "github-runner-token",
    vendor: "GitHub",
    description: "GitHub Actions runner registration token",
    keywords: ["runner"],
    names: /runner_(?:[a-z]{1,20}_){0,2}token/,
    shape: "A[A-Z2-7]{28}",
    as: "RUNNER_TOKEN",
    make: (kit) => `A${kit.base32(28)}`,
    reference: "https://docs.github.com/en/rest/actions/self-hosted-runners",
  }),
  prefixed({
    id: "bitbucket-app-password",
    vendor: "Atlassian",
    description: "Bitbucket app password",
    prefix: ["ATBB"],
    body: `${MIXED}[A-Za-z0-9_=.-]{32}`,
    make: (kit) => {
      const body = kit.base62(24);
      return body + crcHex(`ATBB${body}`).toUpperCase();
    },
    validate: atlassianRight,
    reference: "https://support.atlassian.com/bitbucket-cloud/docs/app-passwords/",
  }),
  prefixed({
    id: "bitbucket-access-token",
    vendor: "Atlassian",
    description: "Bitbucket repository, project or workspace access token, or Atlassian organization key",
    prefix: ["ATCTT3xFf"],
    body: "[A-Za-z0-9_-]{40,800}=?[0-9A-F]{8}",
    make: (kit) => {
      const body = `GN0${kit.urlsafe(160)}=`;
      return body + crcHex(`ATCTT3xFf${body}`).toUpperCase();
    },
    validate: atlassianRight,
    reference: BITBUCKET,
  }),
  prefixed({
    id: "atlassian-api-token",
    vendor: "Atlassian",
    description: "Atlassian account API token (Jira, Confluence, Bitbucket)",
    prefix: ["ATATT3xFf"],
    body: "[A-Za-z0-9_-]{60,400}=?[0-9A-F]{8}",
    make: (kit) => {
      const body = `GF0${kit.urlsafe(171)}=`;
      return body + crcHex(`ATATT3xFf${body}`).toUpperCase();
    },
    validate: atlassianRight,
    severity: "critical",
    reference: ATLASSIAN,
  }),
  prefixed({
    id: "bitbucket-data-center-token",
    vendor: "Atlassian",
    description: "Bitbucket Data Center HTTP access token",
    prefix: ["BBDC-"],
    body: "[MNO][A-Za-z0-9+/]{15}O[g-v][A-Za-z0-9+/]{26}",
    make: (kit) => dataCenter(kit.digits(12), kit.base62(20)),
    reference: "https://confluence.atlassian.com/bitbucketserver/http-access-tokens-939515499.html",
  }),
  named({
    id: "atlassian-data-center-token",
    vendor: "Atlassian",
    description: "Jira or Confluence Data Center personal access token",
    keywords: ["jira", "confluence", "atlassian", "bitbucket"],
    names: /(?:jira|confluence|atlassian|bitbucket)_(?:[a-z]{1,20}_){0,3}(?:token|pat|key|password)(?:_|$)/,
    shape: "[MNO][A-Za-z0-9+/]{15}O[g-v][A-Za-z0-9+/]{26}",
    as: "JIRA_TOKEN",
    make: (kit) => dataCenter(kit.digits(12), kit.base62(20)),
    reference: JIRA,
  }),
  named({
    id: "gitea-token",
    vendor: "Gitea",
    description: "Gitea or Forgejo access, runner or Actions token",
    keywords: ["gitea", "forgejo", "gogs", "codeberg"],
    names: /(?:gitea|forgejo|gogs|codeberg)_(?:[a-z]{1,20}_){0,3}(?:token|secret)/,
    shape: "[0-9a-f]{40}|[A-Za-z0-9]{40}",
    as: "GITEA_TOKEN",
    make: (kit) => kit.hex(40),
    reference: "https://docs.gitea.com/development/api-usage",
  }),
  prefixed({
    id: "sourcegraph-token",
    vendor: "Sourcegraph",
    description: "Sourcegraph access token, gateway token or license key",
    prefix: ["sgp_", "sgd_", "slk_"],
    body: "(?:(?:[0-9a-fA-F]{16}_|local_)?[0-9a-fA-F]{40}|[0-9a-fA-F]{64})",
    make: (kit) => kit.hex(40),
    reference: "https://sourcegraph.com/docs/cli/how-tos/creating_an_access_token",
  }),
  prefixed({
    id: "phabricator-token",
    vendor: "Phabricator",
    description: "Phabricator Conduit token",
    prefix: ["api-", "cli-"],
    body: "(?=[a-z]{0,27}\\d)[a-z0-9]{28}",
    make: (kit) => `${kit.alnum(27)}4`,
    confidence: "medium",
    reference: "https://secure.phabricator.com/book/phabricator/article/conduit/",
  }),
  shaped({
    id: "azure-devops-token",
    vendor: "Microsoft",
    description: "Azure DevOps personal access token",
    keywords: ["azdo"],
    pattern: /(?<![A-Za-z0-9])(?<secret>[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4})(?![A-Za-z0-9])/d,
    examples: (kit) => [`${kit.base62(76)}AZDO${kit.base62(4)}`],
    counterExamples: (kit) => [`${kit.base62(40)}AZDO`],
    severity: "critical",
    reference:
      "https://learn.microsoft.com/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate",
  }),
  named({
    id: "azure-devops-legacy-token",
    vendor: "Microsoft",
    description: "Azure DevOps personal access token from before 2024",
    keywords: ["azure", "ado_", "azp", "vsts", "vsce", "devops", "system_accesstoken"],
    names:
      /(?:azure_devops|(?:^|_)ado|azp|vsts|vsce|devops|nuget)_(?:[a-z]{1,20}_){0,3}(?:token|pat|secret|password)(?:_|$)/,
    shape: "[a-z2-7]{52}",
    as: "AZP_TOKEN",
    make: (kit) => kit.base32(52).toLowerCase(),
    severity: "critical",
    reference: "https://learn.microsoft.com/azure/devops/pipelines/agents/docker",
  }),
  named({
    id: "gitee-token",
    vendor: "Gitee",
    description: "Gitee access token",
    keywords: ["gitee"],
    names: /gitee_(?:[a-z]{1,20}_){0,2}(?:token|secret|key)/,
    shape: "[0-9a-f]{32}|[0-9a-f]{64}",
    as: "GITEE_ACCESS_TOKEN",
    make: (kit) => kit.hex(32),
    reference: "https://gitee.com/api/v5/swagger",
  }),
];

/** Twelve digits, a colon and twenty bytes, in base64. */
function dataCenter(digits: string, rest: string): string {
  return Buffer.from(`${digits}:${rest}`, "latin1").toString("base64");
}
