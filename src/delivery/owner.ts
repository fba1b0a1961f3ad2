import type { DeliverySubject, Owner } from "../contract/delivery.ts";
import type { EntrypointScript } from "./entrypoint.ts";
import { UnsprawlError } from "../model/error.ts";

/**
 * The ids a container runs as. Numbers are used as they are; names are looked up in the image's /etc/passwd and
 * /etc/group, as the engine does. A numeric user without a group gets the group of its passwd entry, otherwise 0.
 * Throws `refused` for an unknown name.
 */
export async function ownerOf(subject: DeliverySubject): Promise<Owner> {
  const [user = "", group = ""] = subject.user.split(":");
  if (user === "") return { uid: 0, gid: 0 };
  const passwd = await lines(subject, "/etc/passwd");
  const line = passwd.find((fields) => (/^\d+$/.test(user) ? fields[2] === user : fields[0] === user));
  const uid = /^\d+$/.test(user) ? Number(user) : Number(line?.[2]);
  if (!Number.isInteger(uid)) throw unknown("user", user);
  if (group === "") return { uid, gid: Number(line?.[3] ?? 0) };
  if (/^\d+$/.test(group)) return { uid, gid: Number(group) };
  const gid = Number((await lines(subject, "/etc/group")).find((fields) => fields[0] === group)?.[2]);
  if (!Number.isInteger(gid)) throw unknown("group", group);
  return { uid, gid };
}

/**
 * The user that reads NAME_FILE in an image that starts as root: the container's own, or whoever the entrypoint has become
 * by then. MongoDB's first line of work is `exec gosu mongodb "$BASH_SOURCE"`, PostgreSQL reads first. A user in a
 * variable begins with `$`.
 */
export function readingUser(subject: DeliverySubject, scripts: readonly EntrypointScript[]): string {
  if (!/^(root|0)?$/.test(subject.user.split(":")[0] ?? "")) return subject.user;
  for (const { text } of scripts) {
    const code = text.split("\n").filter((line) => !/^\s*#/.test(line));
    const becomes = code.map((line) => AGAIN_AS.exec(line)?.[1]);
    const at = becomes.findIndex((user) => user !== undefined);
    if (at >= 0 && code.findIndex((line) => READS.test(line)) > at) return becomes[at] ?? subject.user;
  }
  return subject.user;
}

/** The script begins again as another user. */
const AGAIN_AS = /\bexec\s+(?:gosu|su-exec)\s+["']?(\$?[\w.${}:-]+)["']?\s+["']?\$\{?(?:BASH_SOURCE|0)\b/;
/** A call for a variable, not the definition of the function. */
const READS = /file_env\w{0,40}\s{1,20}["']?[A-Z]/;

async function lines(subject: DeliverySubject, file: string): Promise<string[][]> {
  const text = (await subject.readFile(file))?.toString("utf8") ?? "";
  return text.split("\n").map((line) => line.split(":"));
}

function unknown(kind: string, name: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `the image knows no ${kind} ${JSON.stringify(name)}, so it could not own the secret's file`,
    "name the user by number: docker run --user UID:GID, or user: UID:GID in a Compose file",
  );
}
