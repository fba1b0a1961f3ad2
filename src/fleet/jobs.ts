import type { FingerprintKey } from "../model/fingerprint.ts";
import { canonical, mac, macHolds } from "../model/mac.ts";

/** The content of a job, signed with the fleet's code, and the queue that it is for. */
export type SignedJob<Data extends object> = Data & { readonly mac: string };

/** The job as it is stored in the database. More users may write there than may decide what a worker reads. */
export function signJob<Data extends object>(queue: string, data: Data, key: FingerprintKey): SignedJob<Data> {
  return { ...data, mac: mac(textOf(queue, data), "fleet-job", key) };
}

/** The content of a job from the database; null if no member of the fleet put it there as it is. */
export function trustedJob(queue: string, job: unknown, key: FingerprintKey): object | null {
  if (typeof job !== "object" || job === null) return null;
  const { mac: code, ...data } = job as { readonly mac?: unknown };
  try {
    return macHolds(code, textOf(queue, data), "fleet-job", key) ? data : null;
  } catch {
    return null; // nested too deeply to be one of ours
  }
}

const textOf = (queue: string, data: object): string => `${queue}\n${canonical(data)}`;
