import { isFileNameWithDots } from "../../kit/io/name.ts";
import type { Owner } from "../../contract/delivery.ts";
import { UnsprawlError } from "../../model/error.ts";

/** What a volume's options say: references, and whose the files are. */
export type VolumeReferences = {
  readonly references: ReadonlyMap<string, string>;
  /** As in the container: the plugin knows how the engine maps them. */
  readonly owner: Owner;
};

/** The option that is no reference: no variable can have its name. */
export const OWNER = "owner";

/** The options of a volume with these references, as a `docker volume create --opt` has them. */
export function volumeOptions({ references, owner }: VolumeReferences): { [option: string]: string } {
  return { ...Object.fromEntries(references), [OWNER]: `${owner.uid}:${owner.gid}` };
}

/** Reads them again. Throws `malformed` for anything else: what a volume is given is anybody's. */
export function parseOptions(options: { readonly [option: string]: string }): VolumeReferences {
  const references = new Map<string, string>();
  for (const [name, value] of Object.entries(options)) {
    if (name === OWNER) continue;
    if (!isFileNameWithDots(name) || !value.startsWith("ref+"))
      throw new UnsprawlError(
        "malformed",
        `${name.slice(0, 80)} is no option of a volume of unsprawl: NAME=ref+… is, and owner=UID:GID`,
      );
    references.set(name, value);
  }
  const [, uid = "0", gid = "0"] = /^(\d{1,10}):(\d{1,10})$/.exec(options[OWNER] ?? "0:0") ?? [null, "", ""];
  if (uid === "") throw new UnsprawlError("malformed", "the option owner is not UID:GID");
  return { references, owner: { uid: Number(uid), gid: Number(gid) } };
}
