/*
 * Delivery by an OCI runtime that resolves references at each container start: its installation, the bindings of
 * consumers to references, and the resolver. Whatever fails, no container starts with a reference in place of its
 * password.
 */
import { noFit, type Delivery, type DeliverySubject } from "../../contract/delivery.ts";
import type { Provider } from "../../contract/provider.ts";
import type { Move } from "../../model/plan.ts";
import { addBindings, deliveredBindings, isBound, readBindings, removeBindings } from "./bindings.ts";
import { allowCommand, avoidReferenceHint } from "./references.ts";
import { openStores, readResolved, type OpenStore } from "./resolve.ts";
import { readSettings, RUNTIME_NAME, runtimeHome } from "./settings.ts";

/**
 * `runtime`: the variable keeps its name and holds a reference; an OCI runtime wrapping runc puts the value into the
 * process at `create` and `exec`. Needs no change to the image and no shell in it.
 */
export function runtimeDelivery(env: NodeJS.ProcessEnv, open: OpenStore): Delivery {
  let stores: Promise<Provider[]> | null = null;
  return {
    name: "runtime",
    async fits(subject, moves) {
      const home = runtimeHome(env);
      if (subject.unreachableHost !== null) return noFit(subject.unreachableHost.why);
      if (!subject.engineRuntimes.includes(RUNTIME_NAME))
        return noFit("the OCI runtime is not registered with the engine (unsprawl runtime install)");
      const settings = readSettings(home);
      if (settings === null) return noFit("the OCI runtime is not installed on this host (unsprawl runtime install)");
      const fault = bindingFault(subject, moves, home);
      if (fault !== null) return noFit(fault);
      stores ??= openStores(settings, home, open);
      const opened = await stores;
      const foreign = moves.find(({ reference }) => opened.every((store) => store.parse(reference) === null));
      if (foreign !== undefined)
        return noFit(
          `the OCI runtime has no credential for ${foreign.reference.slice(0, foreign.reference.indexOf(":"))} (unsprawl runtime install --to STORE)`,
        );
      const why = "the OCI runtime is installed, and resolves the reference at each start";
      return { fits: true, why, warnings: [] };
    },
    change(_subject, moves) {
      return {
        unset: [],
        set: moves.map((move) => ({ name: move.name, value: move.reference })),
        mounts: [],
        entrypointPrefix: null,
        healthcheckPrefix: null,
        runtime: RUNTIME_NAME,
      };
    },
    async owner() {
      return null;
    },
    consumer: () => null,
    files: () => [],
    async allow(subjectId, consumer, moves) {
      await addBindings(runtimeHome(env), deliveredBindings(subjectId, consumer, moves));
    },
    async prepare() {
      // Nothing to prepare on the host: values are fetched at each start.
    },
    async discard(subjectId) {
      // Resolved values are removed when the container is deleted.
      await removeBindings(runtimeHome(env), ({ by }) => by === subjectId);
      return null;
    },
    environment: "whole",
    async received({ id, pid }, { name, value }) {
      // An entrypoint may unset or rewrite a variable before it execs; then the value passed at `create` counts.
      const settings = readSettings(runtimeHome(env));
      if (settings === null || pid === 0) return null;
      const passed = readResolved(settings.memory, id);
      return passed.some((one) => one.variable === name && one.value.equals(value)) ? "entrypoint" : null;
    },
  };
}

/** Why the runtime would not start the subject with its references; null if it would. */
function bindingFault(subject: DeliverySubject, moves: readonly Move[], home: string): string | null {
  const { consumer, runtime } = subject;
  if (runtime !== null && runtime !== RUNTIME_NAME)
    return `the container runs under ${runtime}, which unsprawl's OCI runtime does not wrap`;
  if (consumer === null) return "only a container with a fixed name (--name) can be allowed its references";
  const bindings = readBindings(home);
  for (const [name, reference] of subject.references) {
    if (moves.some((move) => move.name === name) || isBound(bindings, [consumer], name, reference)) continue;
    const next = subject.imageEnv.has(name) ? avoidReferenceHint(name) : allowCommand(consumer, name, reference);
    return `${name} names ${reference} already, which ${consumer} may not use, so it would not start (${next})`;
  }
  return null;
}
