import { bare, cmd } from "../kit/shell.ts";

/** The command that makes a podman secret of a stored value. A name that is not a shell variable is shown as `NAME`. */
export function makePodmanSecret(name: string, reference: string, secret: string): string {
  const variable = bare(/^[A-Za-z_]\w*$/.test(name) ? name : "NAME");
  const inside = cmd`printf %s "$${variable}" | podman secret create ${secret} -`;
  return cmd`${variable}=${reference} unsprawl run -- sh -c ${inside}`;
}
