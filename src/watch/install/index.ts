/*
 * Makes a service of `watch`, in a form such as a systemd unit or a Compose file. It prints what it would write, and
 * writes only if asked to.
 */
import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { composeFile } from "./compose.ts";
import { dockerfile } from "./dockerfile.ts";
import { kubernetesManifests } from "./kubernetes.ts";
import { FORMS, type InstallForm, type WatchInstallation } from "./model.ts";
import { settingsFor, type InstallRequest } from "./settings.ts";
import { swarmStack } from "./swarm.ts";
import { systemdUnits } from "./systemd.ts";

/** Parses the name of a form. Throws `usage`. */
export function formOf(word: string | undefined): InstallForm {
  const found = FORMS.find((form) => form === word);
  if (found !== undefined) return found;
  throw new UnsprawlError(
    "usage",
    `not a form to install: ${word ?? "(none)"}`,
    cmd`unsprawl watch install ${bare(FORMS.join("|"))}`,
  );
}

/** What would be written for it, and what to type afterwards. Writes nothing. */
export function installation(form: InstallForm, asked: InstallRequest): WatchInstallation {
  if (form === "dockerfile") return dockerfile(asked.image);
  const { settings, notes } = settingsFor(form, asked);
  const make = {
    systemd: systemdUnits,
    compose: composeFile,
    swarm: swarmStack,
    kubernetes: kubernetesManifests,
  }[form];
  const made = make(settings);
  return { ...made, notes: [...made.notes, ...notes] };
}
