import { NO_WAY_BACK, UnsprawlError } from "../../model/error.ts";
import type { CreateBody } from "./body.ts";
import { mustMatchRequest } from "./same.ts";
import { connectAll, createNamed, recordedState, restartOf, type Swap } from "./swap-parts.ts";
import type { ContainerDoc } from "../types.ts";

/**
 * The engine deletes a container started with --rm, and its anonymous volumes, as soon as it stops. So a copy without
 * --rm is created first but never started: it keeps the configuration for rollback, and the volumes by name.
 */
export async function keepCopy(swap: Swap, old: ContainerDoc): Promise<void> {
  const { engine, names, record, step } = swap;
  if (typeof record.last(`${step}/copied`)?.["id"] === "string" && (await findCopy(swap)) !== null) return;
  const body = withAutoRemove(await swap.asItIs(old), false);
  const copy = (await findCopy(swap)) ?? (await createNamed(engine, names.kept, body));
  await connectAll(engine, copy, body);
  mustMatchRequest(old, (await engine.container(copy.Id)) ?? copy, body);
  record.done(`${step}/copied`, { id: copy.Id });
}

/** Recreates the deleted container from its copy. Idempotent. */
export async function recreateFromCopy(swap: Swap): Promise<ContainerDoc> {
  const { engine, names, record, step } = swap;
  const old = await mustOld(swap);
  const copy = await findCopy(swap);
  if (old.Id !== copy?.Id) return old; // it was not stopped yet, or is back
  const left = record.last(`${step}/back`) === null ? null : await engine.container(names.final);
  record.intent(`${step}/back`);
  const body = withAutoRemove(await swap.asItIs(copy), true);
  const back = left ?? (await createNamed(engine, names.final, body));
  await connectAll(engine, back, body);
  record.done(`${step}/back`, { id: back.Id });
  return back;
}

/** The copy, or null. Found by name if the run was killed between creating and recording it. */
export async function findCopy(swap: Swap): Promise<ContainerDoc | null> {
  const { engine, names, oldId, record, step } = swap;
  const id = record.last(`${step}/copied`)?.["id"];
  if (typeof id === "string") return engine.container(id);
  if (!recordedState(swap)?.deleted) return null;
  const left = await engine.container(names.kept);
  return left?.Id === oldId ? null : left;
}

/**
 * The old container, or if it was deleted, its copy or the container recreated from it. With the restart policy that it
 * had: a run takes it away before it stops the container.
 */
export async function findOld(swap: Swap): Promise<ContainerDoc | null> {
  const { engine, oldId, record, step } = swap;
  const [old, was] = [await engine.container(oldId), recordedState(swap)];
  if (old !== null && was !== null && restartOf(old).name !== was.restart) {
    const RestartPolicy = { Name: was.restart, MaximumRetryCount: was.retries };
    return { ...old, HostConfig: { ...old.HostConfig, RestartPolicy } };
  }
  if (old !== null || !was?.deleted) return old;
  const back = record.last(`${step}/back`)?.["id"];
  const again = typeof back === "string" ? await engine.container(back) : null;
  if (again) return again;
  const copy = await findCopy(swap);
  return copy && { ...copy, HostConfig: { ...copy.HostConfig, AutoRemove: true } };
}

export async function mustOld(swap: Swap): Promise<ContainerDoc> {
  const old = await findOld(swap);
  if (old) return old;
  throw new UnsprawlError(
    "absent",
    `the old container of ${swap.names.final} is gone, so there is nothing to roll back to`,
    "its values are in the store: unsprawl runs shows where",
    NO_WAY_BACK,
  );
}

function withAutoRemove({ body, connectLater }: CreateBody, AutoRemove: boolean): CreateBody {
  return { body: { ...body, HostConfig: { ...(body["HostConfig"] as object), AutoRemove } }, connectLater };
}
