/** What manuals print in place of a secret; the same for everybody who reads them. */

/** Amazon's temporary tokens begin so. Source: the examples of its manuals have `Example` in the middle. */
const AMAZON = /^(?:FwoG|FQoG|IQoJ|AQoD)[^\s]{0,400}example|^AQoEXAMPLE/i;
/** Azurite's own account key, Amazon's secret key, RFC 7617's login, Google's one-time password. */
const KNOWN = /^(?:Eby8vdM02xNO|wJalrXUtnFEMI|QWxhZGRpbjpvcGVu|JBSWY3DPEHPK3PXP$)/;

/** A vendor's prefix, then the alphabet. */
const COUNTING = /^(?:xox[a-z]|gh[a-z]|glpat|npm|hf|sk|pk)[-_][^\s]{0,60}abcdefghijklmn/i;

/** Most values begin with none of these, and are asked no more. */
const BEGINS = /^(?:Eby8|wJal|QWxh|JBSW|FwoG|FQoG|IQoJ|AQo|xox|gh[a-z]_|glpat|npm_|hf_|[sp]k)/i;

/** What Amazon prints in place of a key, and Google in place of a one-time password's; `abcdabcd12341234`. */
export function isPublished(text: string): boolean {
  if (BEGINS.test(text) && (KNOWN.test(text) || AMAZON.test(text) || COUNTING.test(text))) return true;
  if (/^(?:([A-Za-z]{3,4})\1{1,9}|(\d{3,4})\2{1,9}){1,3}$|^([A-Za-z0-9]{3,10})\3{2,9}$/.test(text)) return true;
  return /EXAMPLE(?:KEY|TOKEN)?\d{0,4}$/.test(text) && /\d/.test(text);
}

/** Words that fill a page, as generators of examples put them into every field. */
export function isLorem(text: string): boolean {
  if (!text.includes(" ") || !/^[a-z]{2,12},? [a-z]/i.test(text)) return false;
  const words = text.toLowerCase().split(/[ ,.]{1,2}/);
  return words.length > 1 && words.length < 40 && words.every((word) => word === "" || LOREM.has(word));
}

const LOREM: ReadonlySet<string> = new Set(
  "lorem ipsum dolor sit amet consectetur adipiscing adipisicing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea commodo consequat duis aute irure in reprehenderit voluptate velit esse cillum eu fugiat nulla pariatur excepteur sint occaecat cupidatat non proident sunt culpa qui officia deserunt mollit anim id est laborum volu exercit consec nos".split(
    " ",
  ),
);

/** True when text inside a token says that it is an example; documentation's own domains (RFC 2606) are only a host. */
export function saysExample(text: string): boolean {
  return /example(?!\.(?:com|org|net)(?![a-z]))|placeholder|x{6}|your[-_]?|dummy|sample|redacted|changeme|(?:0123456789|1234567890|abcdefghij)(?:abcdef|klmnop|[0-9a-f]{6})|([A-Za-z0-9])\1{7}|^JBSWY3DPEHPK3PXP$/i.test(
    text,
  );
}
