import { cmd } from "../../../src/kit/shell.ts";
import { memberText } from "../syntax/part.ts";
import type { Platform } from "./platform.ts";

/** Source: kubectl.docs.kubernetes.io, kustomize reference, secretGenerator. */
export const kustomize: Platform = {
  name: "kustomize",
  what: "a kustomization",
  path: /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/,
  signs: [["Generator"]],
  environments: ["secretGenerator", "configMapGenerator"].map((key) => ({ at: `${key}/*/literals`, form: "words" })),
  exposure: "anyone who can read the manifests or their repository",
  stays: ({ name, owner }) => ({
    reason: "is a literal of a Kustomize generator",
    hint: cmd`write an ExternalSecret that makes the Secret ${memberText(owner, "name") ?? "NAME"}, name its file in resources:, and take ${name} out of literals`,
  }),
};

/** Source: helm.sh/docs/chart_best_practices. */
export const helm: Platform = {
  name: "helm",
  what: "a Helm template",
  path: /(?:^|\/)templates\/.+\.(?:ya?ml|tpl)$/,
  signs: [["{{"], ["env"]],
  environments: [{ at: "**/env", form: { name: "name", value: "value" } }],
  exposure: "anyone who can read the chart, and every release made from it",
  stays: ({ name }) => ({
    reason: "is written into a Helm template, so every release has the same",
    hint: cmd`read ${name} by valueFrom.secretKeyRef from a Secret that a value names (existingSecret)`,
  }),
};
