import { looksRandom } from "../entropy.ts";
import { readName } from "../names/names.ts";
import { splitWords } from "../names/words.ts";
import type { Assigned } from "./plausible.ts";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** `/memos.api.v1.UserService/Get`, `/api/boards/:id?token=…`, `1 hour and 30 minutes`, `node reset.js`, `base64:`. */
export function isSomethingElse({ name, value, path, kind }: Assigned): boolean {
  return (
    isListed(name, value) ||
    isBanner(value) ||
    // What validators accept.
    (kind === "code" && name === "pass" && UUID.test(value)) ||
    // Maven's coordinates, and Windows' ids of accounts.
    /^(?:[\w-]{1,40}(?:\.[\w-]{1,40}){1,8}:)?[a-z][\w.-]{1,80}:\d{1,5}(?:\.\d{1,5}){1,3}(?:[.-]\w{1,20})?$|^\*?S-1-\d/.test(
      value,
    ) ||
    // Ansible's `lookup("password", "/dev/null length=32")`.
    value.startsWith("/dev/null") ||
    // An identifier of objects, and a filter of a directory.
    /^\d(?:\.\d{1,9}){4,20}$|^\([&|]\(/.test(value) ||
    // Python's way to a class: `package.module:Class`.
    /^[a-z_]\w{0,60}(?:\.\w{1,60}){1,8}:[A-Z]\w{1,80}$/.test(value) ||
    // The same to a command, in the description of a package; a theme's token is no secret whatever it is called.
    (/\.toml$|(?:^|\/)setup\.cfg$/.test(path) && /^[a-z_][\w.]{2,80}:[a-z_]\w{1,40}$/.test(value)) ||
    (name === "token" && /(?:^|\/)themes?\/[^/]{1,80}\.json$/.test(path)) ||
    // What a function fills in: `$5$rounds=%u$%s`.
    /^\$\d\$[^%]{0,40}%[sdu]/.test(value) ||
    (kind === "code" && namesOption(name, value)) ||
    // What hashes of one kind begin with.
    /^\$\w{1,12}\$(?:\d{1,2}\$)?$/.test(value) ||
    // Of sed's `s@^name=.*@name=@`.
    /^\.\*[@|,/#!]/.test(value) ||
    isPackage(name, value) ||
    // Palau among countries, an expression of a builder of pages, a rule of a validator's.
    (name === "PW" && /^[A-Z][a-z]{3,20}$/.test(value) && path.endsWith(".json")) ||
    /^\$[a-z]{2,10}\$[A-Za-z]{3,20}\$\d{1,3}$|^!?[A-Z]\w{1,40}(?:,!?[A-Z]\w{1,40}){1,4},\d{1,5},(?:true|false)\b/.test(
      value,
    ) ||
    // Courses of edX, and what a request to Amazon's is signed for.
    /^(?:course|program|library|block|asset)-v1:|\/aws4_request,?$/.test(value) ||
    // What every page of the site has in it: the search's key of Docusaurus.
    (name === "apiKey" && /(?:^|\/)docusaurus\.config\.[cm]?[jt]s$/.test(path)) ||
    // Pulumi's kinds of resources.
    /^[a-z][a-z-]{1,40}:(?:index|[a-z]\w{1,40})\/[\w/]{1,80}:[A-Z]\w{1,80}$/.test(value) ||
    namesField(name, value) ||
    namesCache(name, value, path) ||
    (name === "private" && isProviderState(value)) ||
    // When Ansible sets a user's password.
    (name === "update_password" && /^(?:always|on_create)$/.test(value)) ||
    // `Api\\ApiController@show`: what a route of Laravel's starts.
    /^[A-Z][\w\\]{1,80}Controller@\w{1,60}$/.test(value) ||
    // `"password": "F042"`: where an icon stands in its font.
    (/(?:^|\/|[a-z-])(?:icons?|fonts?|glyphs?)[/\w-]{0,40}(?:\/|\.json$)/i.test(path) &&
      /^[0-9A-Fa-f]{4,5}$/.test(value)) ||
    // A dialog's state in a template: `@close="dialog.password = false"`.
    /^\s{0,2}(?:true|false|null|undefined)[,;]?$/.test(value) ||
    /^\/[A-Za-z][\w.-]{0,80}(?:\/[\w.:?=&${}-]{1,80}){1,10}$/.test(value) ||
    /^\d{1,4} (?:second|minute|hour|day|week|month|year)s?(?:,? (?:and )?\d{1,4} [a-z]{3,8})*$/.test(value) ||
    /^(?:node|npm|npx|yarn|pnpm|bun|tsx|ts-node|php|python3?|sh|bash) [\w./-]{2,}/.test(value) ||
    /^\w{1,12}:$/.test(value) ||
    (/^key$/i.test(name) && (UUID.test(value) || BY_UUID.test(value)))
  );
}

/**
 * What providers keep for themselves in a Terraform state (`private`): the version of its schema, and time limits under
 * the key that Terraform's SDK has for them, as base64.
 */
function isProviderState(value: string): boolean {
  return /^eyJ[A-Za-z0-9+/]{8,1000}={0,2}$/.test(value) && STATE.test(Buffer.from(value, "base64").toString("utf8"));
}

const STATE =
  /^\{(?:,?"(?:schema_version":"\d{1,6}"|e2bfb730-ecaa-11e6-8f88-34363bc7c4c0":\{[a-z_":,\d]{0,300}\})){1,4}\}$/;

/** What themes of editors call a token: TextMate's scopes, one or several. */
const SCOPE =
  /^[-(]?\s?(?:source|text|strings?|\d?comments?|constants?|entity|variable|storage|support|markup|invalid|punctuation|meta|keyword|sublimelinter|emphasis|strong|annotation|metatag)(?:$|[\s.,-])/;

/** Names of tokens, and of phases of Windows' set-up: what other programs mean by the word. */
function isListed(name: string, value: string): boolean {
  if (/^tokens?$/i.test(name))
    return (
      SCOPE.test(value) ||
      /^[A-Z][A-Z_.]{1,40}(?:,\s?[A-Z][A-Z_]{1,40}){0,60}$|^\\|^(?:variable|string|keyword|comment|error|def|atom|number|operator|tag|attribute|meta|builtin|bracket|property|qualifier|punctuation|text)(?:-\d)?$/.test(
        value,
      )
    );
  return (
    name === "pass" &&
    /^(?:windowsPE|offlineServicing|generalize|specialize|auditSystem|auditUser|oobeSystem)$/.test(value)
  );
}

/** A key or a certificate in base64 of which only the first and the last line are there. */
function isBanner(value: string): boolean {
  if (!value.startsWith("LS0tLS1CRUdJTi") || value.length > 200) return false;
  return !/[A-Za-z0-9+/=]{24}/.test(Buffer.from(value, "base64").toString("latin1"));
}

/** `PARAMETER_SALT = "Argon2.salt"`: the option's own name, which ends as the constant's does. */
function namesOption(name: string, value: string): boolean {
  const last = /^[A-Za-z]\w{1,40}(?:\.[A-Za-z]\w{0,40}){0,6}\.([A-Za-z]{2,40})$/.exec(value)?.[1]?.toLowerCase();
  return last !== undefined && readName(last).family !== null && splitWords(name).at(-1) === last;
}

/** A row of a table by its letter, a file by its folder, a record by its module's name. */
const BY_UUID =
  /^[\w./-]{0,40}[-/_][0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-\d{1,3})?$|^[a-z][a-z_]{1,30}(?:\.[a-z][a-z0-9_]{1,40}){1,4}$/;

/** `datadog.appKey: spec.credentials.appKey`: where a value of that name is. */
function namesField(name: string, value: string): boolean {
  const last = /^[a-z]\w{1,40}(?:\.\w{1,41}){0,8}\.([A-Za-z]\w{2,40})$/.exec(value)?.[1];
  return last !== undefined && (name === last || name.endsWith(`.${last}`));
}

/** `@scope/name@1.2.3`: a package is the key of many a map. */
function isPackage(name: string, value: string): boolean {
  return readName(name).family !== "password" && PACKAGE.test(value);
}

const PACKAGE = /^(?:@[\w.-]{1,60}\/)?[\w.-]{1,80}@(?:npm:)?v?\d{1,6}(?:\.\d{1,8}){1,2}(?:[-+][\w.+-]{1,60})?$/;

/** What a cache is kept under: `shared-key:` of a workflow, `key: Linux-node-` and a digest, `'season:user:'` in code. */
function namesCache(name: string, value: string, path: string): boolean {
  if (/(?:^|\/)\.(?:github|gitea|forgejo)\/|\.gitlab-ci\.ya?ml$/.test(path))
    return /^(?:(?:shared|cache|prefix|restore|primary)-?)?keys?$/i.test(name) && !looksRandom(value, 20);
  if (!/^(?:[a-z]{2,10}[-_.]?)?key$/i.test(name) || /secret|api|access|private|sign|crypt|auth|master/i.test(name))
    return false;
  return (
    /^(?:[A-Za-z][\w.]{0,20}-){1,5}[0-9a-f]{40,64}$/.test(value) || /^[a-z]{2,20}(?::[\w-]{1,20}){1,5}:$/.test(value)
  );
}

/** `^4.0.0`, `>=1.2 <2`, `[10.0.8, 10.0.8]`: a range of versions, after what npm and Yarn put in front. */
const RANGE =
  /^(?:npm:(?:@?[\w./-]{1,80}@)?|workspace:)?(?:[\^~=*[(]|[<>]=?)?\s{0,2}(?:\d{1,6}(?:\.(?:\d{1,8}|[x*])){0,3}(?:[-+][\w.+-]{1,40})?)?(?:(?:\s{1,3}|,\s{0,3}|\s?\|\|\s?|\s-\s)[<>=^~]{0,2}\d[\w.+-]{0,40}){0,4}[\])]?$/;
/** `2.35.0`, and pnpm's `5.1.1(@types/node@26.1.2)`. */
const RELEASE = /^\d{1,6}\.\d{1,8}\.\d{1,8}(?:-[a-z]{1,10}\.?\d{0,5})?(?:\([@a-z][^\s]{1,300})?$/;

/** Lists of packages, in which a release stands alone. */
const MANIFEST =
  /(?:^|\/)(?:package|composer|bower|packages)(?:[-.]lock)?\.json$|[.-]lock(?:\.(?:json|ya?ml))?$|\.toml$|(?:^|\/)(?:requirements[\w.-]{0,40}\.txt|Gemfile|Pipfile|go\.(?:mod|sum))$/;

/** What a package is asked for by. */
export function isVersion({ value, path }: Assigned): boolean {
  if (value.length > 320) return false;
  return (
    (MANIFEST.test(path) && RELEASE.test(value)) ||
    (/^(?:npm:|workspace:|[\^~=*[(<>])/.test(value) && RANGE.test(value))
  );
}
