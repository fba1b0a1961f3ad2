/**
 * Whether a text cannot be a secret, by its form alone: empty, a switch, a number of up to five digits, or such a
 * number with a unit of size or time. People who read a plan see nothing else.
 */
export function isPublic(text: string): boolean {
  return FORM.test(text);
}

const FORM = /^(?:|true|false|yes|no|on|off|-?\d{1,5}(?:\.\d{1,3})?(?:[bkmgt]b?|[nuµm]?s|h)?)$/i;
