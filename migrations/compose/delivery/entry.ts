import type { Owner } from "../../../src/contract/delivery.ts";

/** `UID:GID`, as the files say it. */
export function ownerText({ uid, gid }: Owner): string {
  return `${uid}:${gid}`;
}

export function parseOwnerText(text: string | null): Owner | null {
  const [, uid, gid] = /^(\d{1,10}):(\d{1,10})$/.exec(text ?? "") ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}
