import { cmd } from "../kit/shell.ts";
import { STORED_VALUE } from "./stored-value.ts";

/** The command that makes a podman secret of a stored value. */
export function makePodmanSecret(reference: string, secret: string): string {
  const inside = cmd`printf %s "$${STORED_VALUE}" | podman secret create ${secret} -`;
  return cmd`${STORED_VALUE}=${reference} unsprawl run -- sh -c ${inside}`;
}
