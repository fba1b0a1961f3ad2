import type { OnNamedValue } from "./flags.ts";
import { special } from "./flags.ts";
import { looksRandom } from "../entropy.ts";
import { readName } from "../names/names.ts";
import { humanPassword, plausible, POSITIONS } from "../names/passwordish.ts";

/** A password that stands at its place behind a word: `users add NAME PASSWORD`, `config set NAME VALUE`. */
export function byPosition(given: readonly string[], at: number, known: boolean, take: OnNamedValue): void {
  const word = given[at] as string;
  const two = `${given[at - 1] ?? ""} ${word}`;
  const distance = POSITIONS.get(two) ?? POSITIONS.get(word.slice(word.lastIndexOf("/") + 1));
  const value = distance === undefined ? undefined : given[at + distance];
  if (
    value !== undefined &&
    plausible(value) &&
    (!known || distance === 1 || humanPassword(value)) &&
    !(given[at + 1] ?? "").startsWith("-")
  ) {
    if (word !== "using" || given.includes("user")) {
      // `wp user reset-password NAME`, `getent passwd NAME` name the account.
      const told = /^(?:passwd|(?:re)?set-password)$/.test(word);
      if (!/^(?:-|\/)/.test(value) && (!told || humanPassword(value)) && given[at - 1] !== "getent")
        take("password", value, "by its place");
    }
  }
  // `dvc remote modify NAME password VALUE`, `augtool set /files/app/password VALUE`, `xmlstarlet ed -u //password -v VALUE`
  const shown = given[at + 1] === "-v" || given[at + 1] === "--value" ? given[at + 2] : given[at + 1];
  if (
    shown !== undefined &&
    /(?:^|[/.])\w{0,40}(?:password|passphrase|secret_key|access_key|api_key|auth_token)$/i.test(word) &&
    plausible(shown) &&
    (looksRandom(shown, 12) || humanPassword(shown)) &&
    readName(word).family !== null
  )
    take(word.slice(word.lastIndexOf("/") + 1), shown, "behind its name");
  if (/^digest$/.test(word) && given[at - 1] === "addauth" && given[at + 1] !== undefined)
    special("pair", given[at + 1] as string, take);
  // `smbclient //host/share PASSWORD`
  if (/^(?:\/\/|\\\\)[\w.-]{1,200}[/\\]\S/.test(word) && /(?:^|\/)smbclient$/.test(given[0] ?? "")) {
    const password = given[at + 1];
    if (password !== undefined && plausible(password)) take("password", password, "by its place");
  }
  // Jenkins' agent, whose image starts it by itself: `-url URL SECRET NAME`
  if (/^[0-9a-f]{64}$/.test(word) && given[0]?.startsWith("-") === true && given.includes("-url") && at > 0)
    take("token", word, "by its place");
  // `crudini --set FILE SECTION NAME VALUE`
  const [line, put] = [given[at + 3], given[at + 4]];
  if (
    word === "--set" &&
    line !== undefined &&
    put !== undefined &&
    /(?:^|\/)(?:crudini|openstack-config)$/.test(given[at - 1] ?? "")
  )
    take(line, put, "by its place");
  // `setx /M NAME VALUE` of Windows
  if (/^setx(?:\.exe)?$/i.test(word)) {
    const from = /^\/m$/i.test(given[at + 1] ?? "") ? at + 2 : at + 1;
    const [called, value] = [given[from], given[from + 1]];
    if (called !== undefined && value !== undefined) take(called, value, "by its place");
  }
  // `net user NAME PASSWORD /add`, `net use X: \\host\share /user:NAME PASSWORD`
  if (two.toLowerCase() === "net user" && given[at + 2] !== undefined && !given[at + 2]?.startsWith("/"))
    take("password", given[at + 2] as string, "by its place");
  if (
    /^\/user:\S/i.test(word) &&
    given.some((one) => one.toLowerCase() === "use") &&
    given[at + 1] !== undefined &&
    plausible(given[at + 1] as string)
  )
    take("password", given[at + 1] as string, "by its place");
  // `dotnet user-secrets set "Smtp:Password" …`, `git config http.token …`, `poetry config http-basic.repo USER PASSWORD`
  // `pulumi config set --secret NAME VALUE`
  const from = /^--(?:secret|plaintext|path)$/.test(given[at + 1] ?? "") ? at + 1 : at;
  const name = given[from + 1];
  const told = given[from + 2];
  if (
    !/^(?:set|config|configure|put|--global|--local|--add|-g|-a|--auth)$/.test(word) ||
    name === undefined ||
    told === undefined ||
    told.startsWith("-")
  )
    return;
  if (/^(?:http-basic|bearer|git(?:hub|lab)-oauth|gitlab-token|bitbucket-oauth|forgejo-token)\./.test(name)) {
    const last = /^(?:http|bit|for)/.test(name) ? given[at + 3] : told;
    if (last !== undefined && !last.startsWith("-")) take("password", last, "by its place");
  } else if (/^(?:-g|-a|--auth)$/.test(word)) return;
  else if (
    /^(?:https:\/\/)?[\w-]+\.[\w.-]+\.(?:com|org|net|io|dev)\/?$/.test(name) ||
    (/^(?:https:\/\/)?[\w-]+\.[\w.-]+\/?$/.test(name) && given.some((one) => /(?:^|\/)bundler?$/.test(one)))
  ) {
    if (/^[^:/]{1,100}:[^:/]/.test(told)) special("pair", told, take);
  }
  // `yarn config set //registry/:_authToken VALUE`
  else if (/^\/\/[\w./-]{1,200}:_(?:authToken|password|auth)$/.test(name)) take("npm_token", told, "by its place");
  else if (
    /^[A-Za-z][\w.:-]{3,80}$/.test(name) &&
    readName(name).family !== null &&
    !told.includes("=") &&
    !/^[0-9A-F]{8,40}$/.test(told)
  )
    take(name, told, "by its place");
}
