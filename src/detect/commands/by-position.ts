import type { OnNamedValue } from "./flags.ts";
import { special } from "./flags.ts";
import { looksRandom } from "../entropy.ts";
import { readName } from "../names/names.ts";
import { humanPassword, plausible, POSITIONS } from "../names/passwordish.ts";

/** A word of a command line with those around it. */
type WordAtPlace = {
  readonly given: readonly string[];
  readonly at: number;
  readonly word: string;
  readonly before: string | undefined;
  readonly next: string | undefined;
  /** Whether the program is known. */
  readonly known: boolean;
  readonly take: OnNamedValue;
};

const BY_PLACE = "by its place";

/** A password that stands at its place behind a word: `users add NAME PASSWORD`, `config set NAME VALUE`. */
export function byPosition(given: readonly string[], at: number, known: boolean, take: OnNamedValue): void {
  const word = given[at] as string;
  const place = { given, at, word, before: given[at - 1], next: given[at + 1], known, take };
  for (const read of PLACES) read(place);
}

const PLACES: readonly ((place: WordAtPlace) => void)[] = [
  behindVerb,
  behindName,
  ({ word, before, next, take }) => {
    if (word === "digest" && before === "addauth" && next !== undefined) special("pair", next, take);
  },
  // `smbclient //host/share PASSWORD`
  ({ given, word, next, take }) => {
    if (/^(?:\/\/|\\\\)[\w.-]{1,200}[/\\]\S/.test(word) && /(?:^|\/)smbclient$/.test(given[0] ?? ""))
      if (next !== undefined && plausible(next)) take("password", next, BY_PLACE);
  },
  // Jenkins' agent, whose image starts it by itself: `-url URL SECRET NAME`
  ({ given, at, word, take }) => {
    if (/^[0-9a-f]{64}$/.test(word) && given[0]?.startsWith("-") === true && given.includes("-url") && at > 0)
      take("token", word, BY_PLACE);
  },
  // `crudini --set FILE SECTION NAME VALUE`
  ({ given, at, word, before, take }) => {
    const [name, value] = [given[at + 3], given[at + 4]];
    if (word !== "--set" || name === undefined || value === undefined) return;
    if (/(?:^|\/)(?:crudini|openstack-config)$/.test(before ?? "")) take(name, value, BY_PLACE);
  },
  // `setx /M NAME VALUE` of Windows
  ({ given, at, word, next, take }) => {
    if (!/^setx(?:\.exe)?$/i.test(word)) return;
    const from = /^\/m$/i.test(next ?? "") ? at + 2 : at + 1;
    const [name, value] = [given[from], given[from + 1]];
    if (name !== undefined && value !== undefined) take(name, value, BY_PLACE);
  },
  // `net user NAME PASSWORD /add`, `net use X: \\host\share /user:NAME PASSWORD`
  ({ given, at, word, before = "", next, take }) => {
    const password = given[at + 2];
    if (`${before} ${word}`.toLowerCase() === "net user" && password !== undefined && !password.startsWith("/"))
      take("password", password, BY_PLACE);
    if (!/^\/user:\S/i.test(word) || !given.some((one) => one.toLowerCase() === "use")) return;
    if (next !== undefined && plausible(next)) take("password", next, BY_PLACE);
  },
  behindSet,
];

function behindVerb({ given, at, word, before = "", next = "", known, take }: WordAtPlace): void {
  const distance = POSITIONS.get(`${before} ${word}`) ?? POSITIONS.get(word.slice(word.lastIndexOf("/") + 1));
  const value = distance === undefined ? undefined : given[at + distance];
  if (value === undefined || !plausible(value) || next.startsWith("-")) return;
  if (known && distance !== 1 && !humanPassword(value)) return;
  // `wp user reset-password NAME`, `getent passwd NAME` name the account.
  if (before === "getent" || (/^(?:passwd|(?:re)?set-password)$/.test(word) && !humanPassword(value))) return;
  if (word !== "using" || given.includes("user")) take("password", value, BY_PLACE);
}

/** `dvc remote modify NAME password VALUE`, `augtool set /files/app/password VALUE`, `xmlstarlet ed -u //password -v VALUE` */
function behindName({ given, at, word, next, take }: WordAtPlace): void {
  const value = next === "-v" || next === "--value" ? given[at + 2] : next;
  if (
    value !== undefined &&
    /(?:^|[/.])\w{0,40}(?:password|passphrase|secret_key|access_key|api_key|auth_token)$/i.test(word) &&
    plausible(value) &&
    (looksRandom(value, 12) || humanPassword(value)) &&
    readName(word).family !== null
  )
    take(word.slice(word.lastIndexOf("/") + 1), value, "behind its name");
}

/**
 * `dotnet user-secrets set "Smtp:Password" …`, `git config http.token …`, `poetry config http-basic.repo USER PASSWORD`,
 * `pulumi config set --secret NAME VALUE`
 */
function behindSet({ given, at, word, next, take }: WordAtPlace): void {
  if (!/^(?:set|config|configure|put|--global|--local|--add|-g|-a|--auth)$/.test(word)) return;
  const from = /^--(?:secret|plaintext|path)$/.test(next ?? "") ? at + 1 : at;
  const [name, value, third] = [given[from + 1], given[from + 2], given[at + 3]];
  if (name === undefined || value === undefined || value.startsWith("-")) return;
  if (/^(?:http-basic|bearer|git(?:hub|lab)-oauth|gitlab-token|bitbucket-oauth|forgejo-token)\./.test(name)) {
    const last = /^(?:http|bit|for)/.test(name) ? third : value;
    if (last !== undefined && !last.startsWith("-")) take("password", last, BY_PLACE);
  } else if (/^(?:-g|-a|--auth)$/.test(word)) return;
  else if (isPlaceOfPackages(name, given)) {
    if (/^[^:/]{1,100}:[^:/]/.test(value)) special("pair", value, take);
  }
  // `yarn config set //registry/:_authToken VALUE`
  else if (/^\/\/[\w./-]{1,200}:_(?:authToken|password|auth)$/.test(name)) take("npm_token", value, BY_PLACE);
  else if (namesSetting(name) && !value.includes("=") && !/^[0-9A-F]{8,40}$/.test(value)) take(name, value, BY_PLACE);
}

function namesSetting(name: string): boolean {
  return /^[A-Za-z][\w.:-]{3,80}$/.test(name) && readName(name).family !== null;
}

/** A host that packages come from, of which Bundler and Composer take a login. */
function isPlaceOfPackages(name: string, given: readonly string[]): boolean {
  if (/^(?:https:\/\/)?[\w-]+\.[\w.-]+\.(?:com|org|net|io|dev)\/?$/.test(name)) return true;
  return /^(?:https:\/\/)?[\w-]+\.[\w.-]+\/?$/.test(name) && given.some((one) => /(?:^|\/)bundler?$/.test(one));
}
