/*
 * Delivery by an OCI runtime that resolves references at each container start: its installation, the bindings of
 * consumers to references, and the resolver. Whatever fails, no container starts with a reference in place of its
 * password.
 */
import type { Delivery, DeliveryFit } from "../../contract/delivery.ts";
import type { Provider } from "../../contract/provider.ts";
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
    async fits(subject, moves): Promise<DeliveryFit> {
      const no = (why: string): DeliveryFit => ({ fits: false, why, warnings: [] });
      if (subject.unreachableHost !== null) return no(subject.unreachableHost.why);
      if (!subject.engineRuntimes.includes(RUNTIME_NAME))
        return no("the OCI runtime is not registered with the engine (unsprawl runtime install)");
      const settings = readSettings(runtimeHome(env));
      if (settings === null) return no("the OCI runtime is not installed on this host (unsprawl runtime install)");
      if (subject.runtime !== null && subject.runtime !== RUNTIME_NAME)
        return no(`the container runs under ${subject.runtime}, which unsprawl's OCI runtime does not wrap`);
      const { consumer } = subject;
      if (consumer === null) return no("only a container with a fixed name (--name) can be allowed its references");
      const bindings = readBindings(runtimeHome(env));
      for (const [name, reference] of subject.references) {
        if (moves.some((move) => move.name === name) || isBound(bindings, [consumer], name, reference)) continue;
        const next = subject.imageEnv.has(name) ? avoidReferenceHint(name) : allowCommand(consumer, name, reference);
        return no(`${name} names ${reference} already, which ${consumer} may not use, so it would not start (${next})`);
      }
      stores ??= openStores(settings, runtimeHome(env), open);
      for (const { reference } of moves) {
        const known = (await stores).some((store) => store.parse(reference) !== null);
        if (!known)
          return no(
            `the OCI runtime has no credential for ${reference.slice(0, reference.indexOf(":"))} (unsprawl runtime install --to STORE)`,
          );
      }
      return {
        fits: true,
        why: "the OCI runtime is installed, and resolves the reference at each start",
        warnings: [],
      };
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
