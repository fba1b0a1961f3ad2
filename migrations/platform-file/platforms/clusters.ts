import { cmd } from "../../../src/kit/shell.ts";
import type { Platform } from "./platform.ts";

/** Source: kubectl.docs.kubernetes.io, kustomize reference, secretGenerator. */
export const kustomize: Platform = {
  name: "kustomize",
  what: "a kustomization",
  path: /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/,
  signs: [["Generator"]],
  environments: ["secretGenerator", "configMapGenerator"].map((key) => ({ at: `${key}/*/literals`, form: "words" })),
  exposure: "anyone who can read the manifests or their repository",
  stays: ({ name, of }, file) => ({
    reason: "is a literal of a Kustomize generator",
    hint: of.startsWith("secretGenerator")
      ? cmd`unsprawl plan kubernetes:${file} --to STORE`
      : cmd`put ${name} into a secretGenerator, then: unsprawl plan kubernetes:${file} --to STORE`,
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
