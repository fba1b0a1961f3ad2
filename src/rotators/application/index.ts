/*
 * Values that only the application checks: session, signing and application keys. A new one of the same form is made,
 * stored and delivered; where the framework knows a list of earlier ones, the old one goes there.
 */
import type { RotationEvidence, RotationTarget, Rotator } from "../../contract/rotator.ts";
import { UnsprawlError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import { textOf, heldText } from "../reveal.ts";
import { about } from "./about.ts";
import { formOf } from "./forms.ts";
import { KINDS, type ApplicationKind } from "./names.ts";

export const rotator: Rotator = {
  about,
  target(evidence) {
    const held = heldText(evidence);
    if (held === null || held.part !== held.value || isKeyPair(evidence)) return null;
    const kind = KINDS.find(({ name, value }) => name.test(evidence.name) && value?.test(held.part) !== false);
    if (kind === undefined) return null;
    const { not, notNextTo } = kind;
    if (not !== undefined && (notNextTo === undefined || held.beside(notNextTo) !== null)) return not;
    const form = formOf(held.part);
    return form === null ? "is of a form that is not made here" : targetOf(kind, form.name, evidence);
  },
  make(old) {
    const made = formOf(textOf(old.secret))?.make();
    if (made === undefined) throw new UnsprawlError("refused", "the value is of a form that is not made here");
    return { id: made.publicKey, secret: Secret.of(made.text) };
  },
  server: null,
};

function targetOf(kind: ApplicationKind, form: string, { name, variables }: RotationEvidence): RotationTarget {
  const beside = variables.find((one) => kind.previous?.variable.test(one.name))?.name ?? kind.previous?.always;
  const publicName = name.replace(/PRIVATE/i, (word) => (word === "private" ? "public" : "PUBLIC"));
  const pair = publicName === name ? undefined : variables.find((one) => one.name === publicName)?.name;
  return {
    ...{ rotator: about.id, at: null, login: "", database: "", pair: pair ?? null },
    previous: beside === undefined ? null : { variable: beside, separator: "," },
    details: { kind: kind.is, form },
  };
}

/** Whether the secret has a public half beside it that others gave out: `S3_ACCESS_KEY` next to `S3_SECRET_KEY`. */
function isKeyPair({ name, variables }: RotationEvidence): boolean {
  const start = /^(.+)_SECRET_KEY$/i.exec(name)?.[1];
  if (start === undefined) return false;
  const halves = ["ACCESS_KEY", "ACCESS_KEY_ID", "KEY_ID", "PUBLIC_KEY", "PUBLISHABLE_KEY", "SITE_KEY", "CLIENT_ID"];
  return variables.some((one) => halves.some((half) => one.name.toUpperCase() === `${start}_${half}`.toUpperCase()));
}
