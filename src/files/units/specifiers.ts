import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";

/** Who runs a unit, as its place says. */
type UnitRunner = {
  readonly home: string;
  readonly uid: string;
  /** Empty if it has no name. */
  readonly user: string;
  /** The folders of systemd.unit(5), by their specifiers. */
  readonly folders: { readonly [specifier: string]: string };
};

/**
 * A text of a unit with its specifiers filled in, as systemd does it for the unit's owner: systemd.unit(5), SPECIFIERS.
 * Null if one of them cannot be known here: who runs the unit, or which instance of a template. `service` is the name of
 * the service that a Quadlet file becomes, without its suffix.
 */
export function withSpecifiers(text: string, file: string, service: string | null = null): string | null {
  if (!text.includes("%")) return text;
  const runner = /%[hEtSCLDuUgG]/.test(text.replaceAll("%%", "")) ? runnerOf(file) : null;
  let known = true;
  const filled = text.replaceAll(/%(.?)/gs, (_all, letter: string) => {
    const value = letter === "%" ? "%" : (nameSpecifier(letter, file, service) ?? runnerSpecifier(letter, runner));
    known &&= value !== null;
    return value ?? "";
  });
  return known ? filled : null;
}

function nameSpecifier(letter: string, file: string, service: string | null): string | null {
  const name = basename(file);
  const dot = name.lastIndexOf(".");
  const stem = service ?? name.slice(0, dot);
  const [prefix = "", instance = null] = stem.split("@", 2);
  // A template has no instance yet.
  if (instance === "" && /^[nNiIf]$/.test(letter)) return null;
  const suffix = service === null ? name.slice(dot) : ".service";
  const names: { readonly [specifier: string]: string } = {
    n: `${stem}${suffix}`,
    N: stem,
    p: prefix,
    i: instance ?? "",
    j: prefix.slice(prefix.lastIndexOf("-") + 1),
    T: "/tmp",
    V: "/var/tmp",
  };
  return names[letter] ?? null;
}

function runnerSpecifier(letter: string, runner: UnitRunner | null): string | null {
  if (runner === null) return null;
  const { home, uid, user, folders } = runner;
  if (letter === "u" && user !== "") return user;
  return { h: home, U: uid, ...folders }[letter] ?? null;
}

const OF_USER = /^(.+)\/(?:\.config\/containers\/systemd|(?:\.config|\.local\/share)\/systemd\/user)\//;
const OF_ROOT = /^\/(?:etc|run|usr\/(?:local\/)?(?:share|lib)|lib)\/(?:containers\/systemd|systemd\/system)\//;
const OF_UID = /^\/etc\/containers\/systemd\/users\/(\d+)\//;

/** Null where the place does not say it: a checkout, a folder that is for all users. */
function runnerOf(file: string): UnitRunner | null {
  const uid = OF_UID.exec(file)?.[1];
  if (uid !== undefined) {
    const row = accounts().find((one) => one.uid === uid);
    return row === undefined ? null : userRunner(row.home, uid, row.user);
  }
  const home = OF_USER.exec(file)?.[1];
  if (home !== undefined) {
    const row = accounts().find((one) => one.home === home);
    return userRunner(home, row?.uid ?? ownerOf(home), row?.user ?? "");
  }
  if (!OF_ROOT.test(file) || file.startsWith("/etc/containers/systemd/users/")) return null;
  const folders = { E: "/etc", t: "/run", S: "/var/lib", C: "/var/cache", L: "/var/log", D: "/usr/share" };
  return { home: "/root", uid: "0", user: "root", folders };
}

/** The unit was found below `.config`, so this is the user's configuration folder. */
function userRunner(home: string, uid: string, user: string): UnitRunner {
  const folders = {
    E: `${home}/.config`,
    t: `/run/user/${uid}`,
    S: `${home}/.local/state`,
    C: `${home}/.cache`,
    L: `${home}/.local/state/log`,
    D: `${home}/.local/share`,
  };
  return { home, uid, user, folders };
}

type Account = { readonly user: string; readonly uid: string; readonly home: string };

/** The accounts of this host. */
function accounts(): readonly Account[] {
  try {
    const lines = readFileSync("/etc/passwd", "utf8").split("\n");
    return lines
      .map((line) => line.split(":"))
      .flatMap(([user = "", , uid = "", , , home = ""]) => (/^\d+$/.test(uid) ? [{ user, uid, home }] : []));
  } catch {
    return [];
  }
}

function ownerOf(folder: string): string {
  try {
    return String(statSync(folder).uid);
  } catch {
    return "";
  }
}
