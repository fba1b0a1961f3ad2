import { cmd } from "../../../src/kit/shell.ts";
import { githubSecrets } from "./github-native.ts";
import type { Platform } from "./platform.ts";

/** Source: docs.github.com, "Workflow syntax for GitHub Actions". Gitea and Forgejo run the same files. */
export const githubActions: Platform = {
  name: "github-actions",
  what: "a GitHub Actions workflow",
  path: /(?:^|\/)\.(?:github|gitea|forgejo)\/workflows\/[^/]+\.ya?ml$/,
  signs: [["jobs"]],
  environments: ["env", "jobs/*/env", "jobs/*/container/env", "jobs/*/services/*/env", "jobs/*/steps/*/env"].map(
    (at) => ({
      at,
      form: "map",
    }),
  ),
  exposure: "anyone who can read the repository",
  stays: ({ name }) => ({
    reason: "is in the environment of a workflow",
    hint: cmd`gh secret set ${name}, then write $\{{ secrets.${name} }} in its place`,
  }),
  native: githubSecrets,
};

/** Source: docs.github.com, "Metadata syntax reference": an action cannot read secrets. */
export const githubAction: Platform = {
  name: "github-action",
  what: "a GitHub action",
  path: /(?:^|\/)action\.ya?ml$/,
  signs: [["runs"]],
  environments: ["runs/env", "runs/steps/*/env"].map((at) => ({ at, form: "map" })),
  exposure: "anyone who can read the repository",
  stays: ({ name }) => ({
    reason: "is in the environment of an action, which cannot read secrets",
    hint: cmd`give the action an input, and let the workflow fill it in with $\{{ secrets.${name} }}`,
  }),
};

/** Source: docs.gitlab.com/ci/yaml, `variables` and `services:variables`. */
export const gitlabCi: Platform = {
  name: "gitlab-ci",
  what: "a GitLab CI configuration",
  path: /(?:^|[/.])gitlab-ci(?:\.[\w-]+)?\.ya?ml$|(?:^|\/)\.?gitlab(?:-ci)?\/[^/]+(?:\/[^/]+)?\.ya?ml$/,
  signs: [["variables"]],
  environments: [
    { at: "variables", form: "map" },
    { at: "*/variables", form: "map" },
    { at: "services/*/variables", form: "map" },
    { at: "*/services/*/variables", form: "map" },
    { at: "workflow/rules/*/variables", form: "map" },
    { at: "*/rules/*/variables", form: "map" },
  ],
  exposure: "anyone who can read the repository",
  stays: ({ name }) => ({
    reason: "is a variable of a pipeline's file, which GitLab cannot mask",
    hint: cmd`glab variable set ${name} --masked --protected, then take it out of variables; or with GitLab Premium and Vault: secrets: {${name}: {vault: PATH/FIELD@MOUNT, file: false}}`,
  }),
};
