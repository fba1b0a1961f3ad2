import type { FingerprintKey } from "../model/fingerprint.ts";
import { canonical, mac, macHolds } from "../model/mac.ts";

/** What a job says, with the fleet's code over it and the queue that it is for. */
export type SignedJob<Data extends object> = Data & { readonly mac: string };

/** The job as it goes into the database, to which more may write than those who may name what a worker reads. */
export function signJob<Data extends object>(queue: string, data: Data, key: FingerprintKey): SignedJob<Data> {
  return { ...data, mac: mac(textOf(queue, data), "fleet-job", key) };
}

/** What a job of the database says; null for one that no member of the fleet put there as it is. */
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
