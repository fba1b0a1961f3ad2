import { keyedDigest, type FingerprintKey } from "../../model/fingerprint.ts";
import type { ContainerDoc } from "../types.ts";

/** The part of a container's document that only a person changes. */
function stable(doc: ContainerDoc): unknown {
  const networks = Object.entries(doc.NetworkSettings?.Networks ?? {}).map(([name, endpoint]) => [
    name,
    {
      ipam: endpoint.IPAMConfig ?? null,
      aliases: endpoint.Aliases ?? null,
      links: endpoint.Links ?? null,
      driver: endpoint.DriverOpts ?? null,
    },
  ]);
  return {
    Id: doc.Id,
    Name: doc.Name,
    Image: doc.Image,
    Config: doc.Config,
    // Sorted, since the engine lists links in any order.
    HostConfig: { ...doc.HostConfig, Links: doc.HostConfig.Links?.toSorted() ?? null },
    Networks: Object.fromEntries(networks),
  };
}

/** Keyed digest of everything that a person can change in a container: drift is a change of this digest. */
export function driftDigest(doc: ContainerDoc, key: FingerprintKey): string {
  return keyedDigest(JSON.stringify(stable(doc)), key);
}
